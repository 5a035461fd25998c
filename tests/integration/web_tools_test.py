"""The weather and web RPCs of the real binary, called by Debian's python3-grpcio."""
import http.server
import json
import threading
import unittest
import urllib.parse

import grpc

import harness
from harness import tools_pb

PLACES = {"results": [{"name": "Berlin", "latitude": 52.5, "longitude": 13.4,
                       "country_code": "DE", "country": "Germany", "admin1": "Land Berlin"}]}
FORECAST = {"timezone": "Europe/Berlin",
            "current": {"time": "2026-01-15T14:45", "temperature_2m": 3.1, "weather_code": 61},
            "daily": {"time": ["2026-01-15", "2026-01-16"], "weather_code": [61, 3],
                      "temperature_2m_max": [5.0, 7.0], "temperature_2m_min": [1.0, 2.0]}}
PAGES = {
    "/": "<title>Garden</title><p>All about gardens.</p><a href=/tomatoes>Tomatoes</a>"
         "<a href=/private>Private</a><img src=/i.png>",
    "/tomatoes": "<title>Tomatoes</title><main><h1>Tomatoes</h1><p>They need <b>sun</b>.</p></main>",
    "/private": "<p>not for machines</p>",
}


class Site(http.server.BaseHTTPRequestHandler):
    """A site, a SearXNG and an Open-Meteo in one."""

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        port = self.server.server_port
        if url.path == "/robots.txt":
            self.answer(b"User-agent: *\nDisallow: /private\n", "text/plain")
        elif url.path == "/v1/search":
            self.answer(PLACES if query["name"] == ["Berlin"] else {})
        elif url.path == "/v1/forecast":
            self.answer(FORECAST)
        elif url.path == "/search":
            self.answer({"results": [{"url": f"http://127.0.0.1:{port}/tomatoes",
                                      "title": "Tomatoes", "content": query["q"][0]}]})
        elif url.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif url.path == "/i.png":
            self.answer(b"\x89PNG", "image/png")
        elif url.path in PAGES:
            self.answer(PAGES[url.path].encode(), "text/html; charset=utf-8")
        else:
            self.send_error(404)

    def answer(self, body, content_type="application/json"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class WebTools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=cls.site.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.site.server_port}"
        cls.server = harness.Server(env={
            "BATON_WEATHER_URL": cls.url, "SEARXNG_URL": cls.url, "BATON_WEB_DELAY_MS": "0",
            "BATON_WEB_ALLOWED_ADDRESSES": f"127.0.0.1:{cls.site.server_port}"})
        cls.stub = cls.server.tools_stub()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.site.shutdown()

    def refused(self, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return caught.exception.code(), caught.exception.details()

    def test_the_weather_of_a_place(self):
        weather = self.stub.GetWeatherData(tools_pb.WeatherRequest(location="Berlin"))
        self.assertEqual(weather.location, "Berlin, Land Berlin, Germany")
        self.assertTrue(weather.current_conditions.startswith("3 °C, light rain"))
        self.assertEqual(len(weather.forecast), 2)
        tomorrow = self.stub.GetWeatherData(
            tools_pb.WeatherRequest(location="Berlin", date_str="demain"))
        self.assertEqual([line[:14] for line in tomorrow.forecast], ["Fri 2026-01-16"])
        self.assertEqual(self.refused(lambda: self.stub.GetWeatherData(
            tools_pb.WeatherRequest(location="Atlantis")))[0], grpc.StatusCode.NOT_FOUND)
        code, details = self.refused(lambda: self.stub.GetWeatherData(
            tools_pb.WeatherRequest(location="Berlin", date_str="whenever")))
        self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT)
        self.assertIn("tomorrow", details)

    def test_search_and_pages(self):
        found = self.stub.SearchWeb(tools_pb.WebSearchRequest(query="red tomatoes"))
        self.assertEqual([hit.snippet for hit in found.results], ["red tomatoes"])
        pages = self.stub.CrawlWebContent(tools_pb.WebCrawlRequest(
            url=f"{self.url}/tomatoes", urls=[f"{self.url}/none"]))
        self.assertEqual([page.content for page in pages.results],
                         ["# Tomatoes\n\nThey need **sun**."])
        both = self.stub.SearchAndCrawl(tools_pb.SearchAndCrawlRequest(query="tomatoes"))
        self.assertEqual(len(both.search_results), 1)
        self.assertEqual(both.crawl_results[0].title, "Tomatoes")

    def test_crawls(self):
        crawl = self.stub.CrawlWebsiteRecursive(
            tools_pb.RecursiveWebsiteCrawlRequest(start_url=self.url))
        self.assertTrue(crawl.success, crawl.error)
        self.assertEqual((crawl.html_pages_crawled, crawl.images_downloaded), (2, 1))
        self.assertEqual(crawl.total_items_failed, 1)  # what robots.txt does not allow
        site = self.stub.CrawlSite(tools_pb.DomainCrawlRequest(
            seed_url=self.url, query_criteria="tomatoes in the sun"))
        fitting = [page for page in site.results if page.success]
        self.assertEqual(fitting[0].title, "Tomatoes")
        self.assertGreater(fitting[0].relevance_score, fitting[-1].relevance_score)

    def test_nothing_private_is_reached(self):
        port = self.server.ports["http_port"]  # our own health and metrics
        for url in (f"http://127.0.0.1:{port}/health", f"http://2130706433:{port}/metrics",
                    f"http://localhost:{port}/", f"http://[::1]:{port}/",
                    "http://[::ffff:127.0.0.1]/", "http://10.0.0.1/", f"{self.url}/inside"):
            code, details = self.refused(
                lambda u=url: self.stub.CrawlWebContent(tools_pb.WebCrawlRequest(url=u)))
            self.assertEqual(code, grpc.StatusCode.PERMISSION_DENIED, url + ": " + details)
        crawl = self.stub.CrawlSite(tools_pb.DomainCrawlRequest(seed_url="http://192.168.0.1/"))
        self.assertFalse(crawl.success)
        self.assertIn("not a public address", crawl.error)


class Unconfigured(unittest.TestCase):
    def test_search_says_what_to_set_and_a_bad_setting_stops_the_start(self):
        with harness.Server() as server:
            with self.assertRaises(grpc.RpcError) as caught:
                server.tools_stub().SearchWeb(tools_pb.WebSearchRequest(query="x"))
            self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
            self.assertIn("SEARXNG_URL", caught.exception.details())
            listed = server.baton("config").stdout
            self.assertIn("web.searxng_url", listed)
        with self.assertRaises(AssertionError) as failed:
            harness.Server(env={"BATON_WEB_ALLOWED_ADDRESSES": "intranet"})
        self.assertIn("web.allowed_addresses", str(failed.exception))


if __name__ == "__main__":
    unittest.main(verbosity=2)
