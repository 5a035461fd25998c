"""Every RPC of ToolService, called as its users do: with what is right, with what is wrong, and by
somebody who must not see what is Ann's. A method of the proto file without a row here fails."""
import base64
import http.server
import json
import struct
import threading
import unittest
import urllib.parse
import zlib

import grpc

import harness
from harness import tools_pb as pb

SECRET = "kestrel"  # in everything of Ann's, and in nothing of anybody else's
FEED = f"""<rss version='2.0'><channel><title>{SECRET} gazette</title><item><title>{SECRET} one</title>
<guid>1</guid><description>About the {SECRET}</description></item></channel></rss>"""
PLACES = {"results": [{"name": "Berlin", "latitude": 52.5, "longitude": 13.4,
                       "country_code": "DE", "country": "Germany", "admin1": "Land Berlin"}]}
FORECAST = {"timezone": "Europe/Berlin",
            "current": {"time": "2026-01-15T14:45", "temperature_2m": 3.1, "weather_code": 61},
            "daily": {"time": ["2026-01-15"], "weather_code": [61],
                      "temperature_2m_max": [5.0], "temperature_2m_min": [1.0]}}


def png():
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress((b"\0" + b"\x7f\x40\x20" * 4) * 4)) + chunk(b"IEND", b""))


class Outside(http.server.BaseHTTPRequestHandler):
    """A site, a feed, a SearXNG, an Open-Meteo and an images API in one."""

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        answers = {"/feed": (FEED, "text/xml"),
                   "/other": (FEED.replace(SECRET, "plain"), "text/xml"), "/v1/search": (PLACES, ""),
                   "/v1/forecast": (FORECAST, ""),
                   "/": ("<title>Home</title><main><p>Gardens.</p></main>", "text/html"),
                   "/search": ({"results": [{"url": self.server.url + "/", "title": "Home",
                                             "content": "Gardens"}]}, "")}
        body, kind = answers.get(path, ("", "text/plain"))
        self.answer(200 if body else 404, body, kind)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, {"data": [{"b64_json": base64.b64encode(png()).decode()}]}, "")

    def answer(self, status, body, kind):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind or "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


# How a foreign user is answered: what names an id of Ann's is refused, what looks through one's
# own things finds nothing of hers, and what is nobody's is answered.
REFUSED, APART, ANYONE = "refused", "apart", "anyone"


def rows(ids):
    """name → (right fields, wrong fields or None, foreign), in an order in which all can be right."""
    feed = {"feed_id": ids.feed}
    return {**rows_of_finding(ids, feed), **rows_of_org(ids), **rows_of_the_rest(ids),
            "DeleteRSSFeed": (feed, {"feed_id": "feed_none"}, REFUSED)}


def rows_of_finding(ids, feed):
    doc, no_doc = {"document_id": ids.document}, {"document_id": "doc_none"}
    article = {"article_id": ids.article}
    return {
        "SearchDocuments": ({"query": SECRET}, {"query": "x", "limit": -1}, APART),
        "FindDocumentsByTags": ({"required_tags": [SECRET]}, {}, APART),
        "GetDocument": (doc, no_doc, REFUSED),
        "GetDocumentContent": (doc, no_doc, REFUSED),
        "GetDocumentChunks": (doc, no_doc, REFUSED),
        "FindDocumentByPath": ({"file_path": ids.path}, {"file_path": "/no/such"}, REFUSED),
        "SearchRSSFeeds": ({"query": SECRET}, {}, APART),
        "GetRSSArticles": (feed, {"feed_id": "feed_none"}, REFUSED),
        "AddRSSFeed": ({"feed_url": ids.url + "/other"}, {"feed_url": "file:///etc"}, ANYONE),
        "ListRSSFeeds": ({}, {"scope": "odd"}, APART),
        "RefreshRSSFeed": (feed, {"feed_id": "feed_none"}, REFUSED),
        "GetRSSArticle": (article, {"article_id": "none"}, REFUSED),
        "MarkRSSArticles": ({**feed, "is_read": True}, {"feed_id": "feed_none"}, REFUSED),
        "ImportRSSArticle": (article, {"article_id": "none"}, REFUSED),
        "ImportRSSFeeds": ({"opml": "<opml version='2.0'><body/></opml>"}, {"opml": "none"}, ANYONE),
        "ExportRSSFeeds": ({}, None, APART),
        "SearchEntities": ({"query": "lovelace"}, {"limit": -1}, APART),
        "GetEntity": ({"entity_id": ids.entity}, {"entity_id": "none"}, REFUSED),
        "FindDocumentsByEntities": ({"entity_names": ["London"]}, {}, APART),
        "FindRelatedDocumentsByEntities": ({"entity_names": ["London"]}, {}, APART),
        "FindCoOccurringEntities": ({"entity_names": ["London"]}, {}, APART),
    }


def rows_of_org(ids):
    item, no_item = {"item_id": ids.item}, {"item_id": "none"}
    return {
        "SearchOrgFiles": ({"query": SECRET}, {}, APART),
        "GetOrgInboxItems": ({}, {"limit": -1}, APART),
        "ListOrgInboxItems": ({}, None, APART),
        "AddOrgInboxItem": ({"text": "Feed the cat"}, {"text": "x", "kind": "odd"}, ANYONE),
        "ToggleOrgInboxItem": (item, no_item, REFUSED),
        "UpdateOrgInboxItem": ({**item, "new_text": SECRET + " two"}, no_item, REFUSED),
        "SetOrgInboxSchedule": ({**item, "scheduled": "2026-05-01"},
                                {**item, "scheduled": "whenever"}, REFUSED),
        "ApplyOrgInboxTags": ({**item, "tags": ["x"]}, no_item, REFUSED),
        "AppendOrgInboxText": ({"text": "* TODO More"}, {"text": ""}, ANYONE),
        "GetOrgInboxPath": ({}, None, APART),
        "GetOrgAgenda": ({}, {"from_day": "whenever"}, APART),
        "RefileOrgItem": ({**item, "target_path": ids.other_org},
                          {**item, "target_path": "/none.org"}, REFUSED),
        "ArchiveOrgInboxDone": ({}, None, APART),
    }


def rows_of_the_rest(ids):
    doc, no_doc = {"document_id": ids.document}, {"document_id": "doc_none"}
    edit = {"edit_type": "operations", "operations": [pb.EditorOperationProto(
        op_type="replace_range", original_text="Trip", text="Journey", start=-1, end=-1)]}
    return {
        "GetWeatherData": ({"location": "Berlin"}, {}, ANYONE),
        "SearchWeb": ({"query": "gardens"}, {}, ANYONE),
        "CrawlWebContent": ({"url": ids.url + "/"}, {}, ANYONE),
        "SearchAndCrawl": ({"query": "gardens"}, {}, ANYONE),
        "CrawlWebsiteRecursive": ({"start_url": ids.url + "/"}, {}, ANYONE),
        "CrawlSite": ({"seed_url": ids.url + "/"}, {}, ANYONE),
        "ExpandQuery": ({"query": "gardens in spring"}, {}, ANYONE),
        "SearchConversationCache": ({"query": SECRET, "conversation_id": ids.conversation},
                                    {"query": "x", "freshness_hours": -1}, APART),
        "CreateUserFile": ({"filename": "new.md", "content": SECRET, "folder_id": ids.folder},
                           {"filename": ""}, REFUSED),
        "CreateUserFolder": ({"folder_name": "New", "parent_folder_id": ids.folder},
                             {"folder_name": ""}, REFUSED),
        "GetFolderTree": ({}, None, APART),
        "UpdateDocumentMetadata": ({**doc, "title": SECRET + " title"}, no_doc, REFUSED),
        "ProposeDocumentEdit": ({**doc, **edit}, {**doc, "edit_type": "odd"}, REFUSED),
        "ApplyDocumentEditProposal": ({"proposal_id": ids.proposal}, {"proposal_id": "none"},
                                      REFUSED),
        "ApplyOperationsDirectly": ({"document_id": ids.own, "operations": [
            pb.EditorOperationProto(op_type="replace_range", original_text="Mine", text="Ours",
                                    start=-1, end=-1)]}, no_doc, REFUSED),
        "UpdateDocumentContent": ({"document_id": ids.own, "content": SECRET}, no_doc, REFUSED),
        "UndoDocumentEdit": ({"document_id": ids.own}, no_doc, REFUSED),
        "GenerateImage": ({"prompt": "A fox", "reference_document_id": ids.image},
                          {"prompt": "A fox", "reference_image_data": b"no image"}, REFUSED),
        "SearchImages": ({"query": SECRET}, None, APART),
        "GetReferenceImageForObject": ({"object_name": SECRET}, {}, REFUSED),
        "CreateChart": ({"chart_type": "bar", "data_json": '{"a": 1}'}, {"chart_type": "cake"},
                        ANYONE),
        "AnalyzeTextContent": ({"content": "Two words."}, None, ANYONE),
        "UpdateConversationTitle": ({"conversation_id": ids.conversation, "title": SECRET},
                                    {"conversation_id": "none", "title": "x"}, REFUSED),
        "StartJob": ({"kind": "feeds"}, {"kind": "odd"}, ANYONE),
        "GetJob": ({"job_id": ids.job}, {"job_id": "none"}, REFUSED),
        "ListJobs": ({}, {"state": "odd"}, APART),
        "CancelJob": ({"job_id": ids.job}, {"job_id": "none"}, REFUSED),
    }


class Ids:
    pass


class Walk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside)
        cls.site.url = f"http://127.0.0.1:{cls.site.server_port}"
        threading.Thread(target=cls.site.serve_forever, daemon=True).start()
        cls.server = harness.Server(env={
            "BATON_WEATHER_URL": cls.site.url, "SEARXNG_URL": cls.site.url,
            "BATON_WEB_DELAY_MS": "0", "BATON_IMAGE_URL": cls.site.url, "BATON_IMAGE_MODEL": "m",
            "BATON_WEB_ALLOWED_ADDRESSES": f"127.0.0.1:{cls.site.server_port}"})
        cls.stub = cls.server.tools_stub()
        cls.channel = grpc.insecure_channel(cls.server.tools_address)
        cls.methods = {m.name: m for m in pb.DESCRIPTOR.services_by_name["ToolService"].methods}
        cls.ids = cls.make_things_of_ann()
        cls.rows = rows(cls.ids)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.site.shutdown()

    @classmethod
    def make_things_of_ann(cls):
        ids, stub = Ids(), cls.stub
        files = cls.server.data / "of-ann"
        files.mkdir()
        (files / "trip.md").write_text(
            f"---\ntags: [{SECRET}]\n---\n# Trip\n\nAda Lovelace met Charles Babbage in London, "
            f"with a {SECRET}.\n")
        (files / "inbox.org").write_text(
            f"* TODO Buy {SECRET} food\nSCHEDULED: <2026-01-15 Thu>\n:PROPERTIES:\n:ID: food\n:END:\n"
            f"* DONE Old {SECRET}\n")
        (files / "work.org").write_text(f"* Projects of the {SECRET}\n")
        imported = cls.server.baton("import", files, "--user", "ann")
        assert imported.returncode == 0, imported.stderr
        ids.url, ids.path, ids.other_org = cls.site.url, str(files / "trip.md"), str(
            files / "work.org")
        ids.document = stub.FindDocumentByPath(pb.FindDocumentByPathRequest(
            user_id="ann", file_path=ids.path)).document_id
        own = stub.CreateUserFile(pb.CreateUserFileRequest(
            user_id="ann", filename="own.md", content=f"Mine, the {SECRET}", folder_path="Private"))
        ids.own, ids.folder = own.document_id, own.folder_id
        ids.proposal = stub.ProposeDocumentEdit(pb.ProposeDocumentEditRequest(
            user_id="ann", document_id=ids.document, edit_type="operations",
            operations=[pb.EditorOperationProto(op_type="replace_range", original_text="met",
                                                text="saw", start=-1, end=-1)])).proposal_id
        ids.entity = stub.SearchEntities(pb.EntitySearchRequest(
            user_id="ann", query="lovelace")).entities[0].entity_id
        ids.feed = stub.AddRSSFeed(pb.AddRSSFeedRequest(
            user_id="ann", feed_url=ids.url + "/feed")).feed_id
        ids.article = stub.GetRSSArticles(pb.RSSArticlesRequest(
            user_id="ann", feed_id=ids.feed)).articles[0].article_id
        ids.item = stub.ListOrgInboxItems(pb.ListOrgInboxItemsRequest(
            user_id="ann")).items[0].item_id
        assert stub.GenerateImage(pb.ImageGenerationRequest(user_id="ann", prompt=SECRET)).success
        ids.image = json.loads(stub.SearchImages(pb.ImageSearchRequest(
            user_id="ann", query=SECRET)).structured_images_json)[0]["document_id"]
        ids.job = stub.StartJob(pb.StartJobRequest(
            user_id="ann", kind="crawl", url=f"{ids.url}/{SECRET}")).job_id
        ids.conversation = f"{SECRET}-chat"
        harness.chat(cls.server.stub(), f"Hello {SECRET}", user="ann",
                     conversation=ids.conversation, agent_type="chat")
        return ids

    def call(self, name, fields, user):
        """(code or 'OK', answer, what it says): success=false counts as a refusal."""
        request_type = getattr(pb, self.methods[name].input_type.name)
        if "user_id" in request_type.DESCRIPTOR.fields_by_name:
            fields = {"user_id": user, **fields}
        try:
            answer = getattr(self.stub, name)(request_type(**fields), timeout=60)
        except grpc.RpcError as error:
            return error.code().name, None, error.details()
        if "success" in answer.DESCRIPTOR.fields_by_name and not answer.success:
            return "REFUSED", answer, answer.error
        return "OK", answer, ""

    def everything_of_ann(self):
        """What no foreign call may change."""
        seen = []
        for name in ("GetDocumentContent", "GetRSSArticles", "ListOrgInboxItems", "GetFolderTree",
                     "SearchEntities", "GetJob", "SearchImages"):
            seen.append(self.call(name, self.rows[name][0], "ann")[1])
        return seen

    def test_1_no_method_is_without_a_row(self):
        self.assertEqual(set(self.methods), set(self.rows))

    def test_2_nobody_else_sees_or_changes_what_is_anns(self):
        harness.wait_until(lambda: self.call("GetJob", {"job_id": self.ids.job}, "ann")[1].state
                           == "failed", 60, "Ann's job")
        before = self.everything_of_ann()
        for name, (right, _, foreign) in self.rows.items():
            for user in ("bob", "system", ""):
                with self.subTest(rpc=name, user=user):
                    code, answer, says = self.call(name, right, user)
                    if foreign == REFUSED:
                        self.assertIn(code, ("NOT_FOUND", "REFUSED", "INVALID_ARGUMENT"))
                        if user == "bob":
                            self.assertTrue(code == "NOT_FOUND" or "no such" in says or
                                            "there is no" in says, f"{code}: {says}")
                    if user == "bob" and foreign == ANYONE:
                        self.assertEqual(code, "OK", says)
                    if foreign != ANYONE:
                        # A refusal may name what was asked for.
                        told = str(answer) if code == "OK" else says.replace(
                            f"'{SECRET}'", "").replace(self.ids.conversation, "")
                        self.assertNotIn(SECRET, told)
        self.assertEqual(self.everything_of_ann(), before)

    def test_3_what_is_wrong_is_said(self):
        for name, (_, wrong, _) in self.rows.items():
            with self.subTest(rpc=name):
                method = f"/tool_service.ToolService/{name}"
                raw = self.channel.unary_unary(method, lambda b: b, lambda b: b)
                with self.assertRaises(grpc.RpcError) as caught:
                    raw(b"\xff\xff\xff", timeout=60)
                self.assertEqual(caught.exception.code().name, "INVALID_ARGUMENT")
                if wrong is None:
                    continue
                code, _, says = self.call(name, wrong, "ann")
                self.assertIn(code, ("INVALID_ARGUMENT", "NOT_FOUND", "REFUSED"))
                self.assertTrue(says, "a refusal without a reason")

    def test_4_what_is_right_is_done(self):
        for name, (right, _, _) in self.rows.items():
            with self.subTest(rpc=name):
                code, _, says = self.call(name, right, "ann")
                self.assertEqual(code, "OK", says)


if __name__ == "__main__":
    unittest.main()
