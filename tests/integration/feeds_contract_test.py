"""The RSS RPCs of the real binary, called by Debian's python3-grpcio."""
import http.server
import threading
import unittest

import grpc

import harness
from harness import tools_pb as pb

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Gazette</title>
<item><title>Badgers at night</title><link>/badgers</link><guid>g1</guid>
<pubDate>Thu, 1 Jan 2026 10:00:00 GMT</pubDate><description>Short &lt;b&gt;text&lt;/b&gt;</description></item>
<item><title>Bad <b>markup</title></item>
<item><title>Foxes</title><link>/foxes</link></item></channel></rss>"""
PAGES = {"/feed": (FEED, "application/rss+xml"),
         "/": ("<html><head><link rel='alternate' type='application/rss+xml' href='/feed'></head>"
               "<body>Home</body></html>", "text/html"),
         "/badgers": ("<html><body><article><h1>Badgers at night</h1><p>The whole story of the "
                      "badgers, with all that they did.</p></article></body></html>", "text/html")}


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text, content_type = PAGES.get(self.path, ("", ""))
        if self.headers.get("If-None-Match") == '"1"':
            self.send_response(304)
            self.end_headers()
            return
        body = text.encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/feed":
            self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class FeedsContract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=cls.site.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.site.server_port}"
        cls.server = harness.Server(env={
            "BATON_WEB_ALLOWED_ADDRESSES": f"127.0.0.1:{cls.site.server_port}",
            "BATON_WEB_DELAY_MS": "0"})
        cls.stub = cls.server.tools_stub()
        cls.added = cls.stub.AddRSSFeed(pb.AddRSSFeedRequest(
            user_id="ann", feed_url=cls.url + "/", category="News"))

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.site.shutdown()

    def articles(self, **more):
        return self.stub.GetRSSArticles(pb.RSSArticlesRequest(user_id="ann", **more)).articles

    def test_01_the_feed_of_a_page_was_found(self):
        self.assertTrue(self.added.success, self.added.error)
        self.assertEqual(self.added.feed_name, "Gazette")
        listed = self.stub.ListRSSFeeds(pb.ListRSSFeedsRequest(user_id="ann"))
        self.assertEqual([(f.feed_url, f.category, f.article_count, f.is_global)
                          for f in listed.feeds], [(self.url + "/feed", "News", 3, False)])

    def test_02_a_private_address_is_refused(self):
        added = self.stub.AddRSSFeed(pb.AddRSSFeedRequest(
            user_id="ann", feed_url="http://169.254.169.254/latest"))
        self.assertFalse(added.success)
        self.assertIn("not a public address", added.error)

    def test_03_articles_and_search(self):
        self.assertIn("Badgers at night", [a.title for a in self.articles()])
        found = self.stub.SearchRSSFeeds(pb.RSSSearchRequest(user_id="ann", query="badgers"))
        self.assertEqual([a.title for a in found.articles], ["Badgers at night"])
        self.assertEqual(found.articles[0].published_at, "2026-01-01T10:00:00.000000Z")

    def test_04_refresh_asks_for_changes_only(self):
        refreshed = self.stub.RefreshRSSFeed(pb.RefreshRSSFeedRequest(
            user_id="ann", feed_name="gazette"))
        self.assertTrue(refreshed.success, refreshed.error)
        self.assertIn("has not changed", refreshed.message)

    def test_05_whole_text_document_and_read_state(self):
        article = next(a for a in self.articles() if a.title == "Badgers at night")
        request = pb.RSSArticleRequest(user_id="ann", article_id=article.article_id)
        self.assertIn("The whole story", self.stub.GetRSSArticle(request).content)
        kept = self.stub.ImportRSSArticle(request)
        self.assertTrue(kept.success, kept.error)
        found = self.stub.SearchDocuments(pb.SearchRequest(user_id="ann", query="whole story badgers"))
        self.assertEqual([r.document_id for r in found.results], [kept.document_id])
        self.stub.MarkRSSArticles(pb.MarkRSSArticlesRequest(
            user_id="ann", article_ids=[article.article_id], is_read=True))
        self.assertNotIn(article.article_id,
                         [a.article_id for a in self.articles(unread_only=True)])

    def test_06_another_users_feed_is_not_there(self):
        feed, article = self.added.feed_id, self.articles()[0].article_id
        for call, request in (
                (self.stub.GetRSSArticles, pb.RSSArticlesRequest(user_id="bob", feed_id=feed)),
                (self.stub.GetRSSArticle,
                 pb.RSSArticleRequest(user_id="bob", article_id=article)),
                (self.stub.MarkRSSArticles,
                 pb.MarkRSSArticlesRequest(user_id="bob", feed_id=feed, is_read=True))):
            with self.assertRaises(grpc.RpcError) as caught:
                call(request)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
        for call, request in (
                (self.stub.RefreshRSSFeed, pb.RefreshRSSFeedRequest(user_id="bob", feed_id=feed)),
                (self.stub.DeleteRSSFeed, pb.DeleteRSSFeedRequest(user_id="bob", feed_id=feed)),
                (self.stub.ImportRSSArticle,
                 pb.RSSArticleRequest(user_id="bob", article_id=article))):
            answer = call(request)
            self.assertFalse(answer.success)
            self.assertIn("no such", answer.error)
        self.assertEqual(self.stub.ListRSSFeeds(pb.ListRSSFeedsRequest(user_id="")).count, 0)

    def test_07_opml(self):
        opml = self.stub.ExportRSSFeeds(pb.ExportRSSFeedsRequest(user_id="ann")).opml
        self.assertIn(self.url + "/feed", opml)
        imported = self.stub.ImportRSSFeeds(pb.ImportRSSFeedsRequest(user_id="ann", opml=opml))
        self.assertEqual((imported.success, imported.added_count, imported.known_count),
                         (True, 0, 1))

    def test_08_delete(self):
        deleted = self.stub.DeleteRSSFeed(pb.DeleteRSSFeedRequest(
            user_id="ann", feed_id=self.added.feed_id))
        self.assertTrue(deleted.success, deleted.error)
        self.assertEqual(len(self.articles()), 0)


if __name__ == "__main__":
    unittest.main()
