"""Formats, entities and text RPCs of the real binary, and that no RPC shows another user's data."""
import json
import pathlib
import tempfile
import unittest

import grpc

import harness
from harness import tools_pb as pb

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "corpus" / "parse_file_fuzz"
NOTE = "# Trip\n\nAda Lovelace met Charles Babbage in London on 12 March 1840.\n"


class WorkspaceContract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-formats-"))
        for name in ("docx", "epub", "zip", "eml", "srt", "csv", "pdf", "docx_bomb", "docx_cut"):
            title, _, data = (CORPUS / name).read_bytes().partition(b"\n")
            (cls.folder / title.decode()).write_bytes(data)
        (cls.folder / "trip.md").write_text(NOTE)
        (cls.folder / "copy.md").write_text(NOTE)
        cls.imported = cls.server.baton("import", cls.folder, "--user", "ann")
        cls.stub = cls.server.tools_stub()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def found(self, query, user="ann"):
        results = self.stub.SearchDocuments(pb.SearchRequest(user_id=user, query=query)).results
        return [r.filename for r in results]

    def test_01_every_format_is_found_by_its_words(self):
        self.assertEqual(self.imported.returncode, 0, self.imported.stderr)
        for words, name in (("after the table", "plan.docx"), ("second chapter", "book.epub"),
                            ("about badgers", "all.zip"), ("cafe open", "mail.eml"),
                            ("general fox", "film.srt"), ("Bob Köln", "t.csv"),
                            ("hello from a pdf", "p.pdf")):
            self.assertIn(name, self.found(words), words)

    def test_02_bombs_broken_files_and_copies_are_named(self):
        for part in ("bomb.docx", "unpacks to too much", "cut.docx", "the same as"):
            self.assertIn(part, self.imported.stderr)

    def test_03_entities(self):
        found = self.stub.SearchEntities(pb.EntitySearchRequest(user_id="ann", query="lovelace"))
        self.assertEqual([(e.name, e.entity_type) for e in found.entities],
                         [("Ada Lovelace", "person")])
        entity = self.stub.GetEntity(pb.EntityRequest(
            user_id="ann", entity_id=found.entities[0].entity_id))
        self.assertEqual(len(entity.related_documents), 1)
        beside = self.stub.FindCoOccurringEntities(pb.FindCoOccurringEntitiesRequest(
            user_id="ann", entity_names=["Ada Lovelace"], min_co_occurrences=1))
        self.assertEqual({(e.name, e.type) for e in beside.entities},
                         {("Charles Babbage", "person"), ("London", "place"),
                          ("1840-03-12", "date")})
        related = self.stub.FindRelatedDocumentsByEntities(
            pb.FindRelatedDocumentsByEntitiesRequest(user_id="ann", entity_names=["London"]))
        self.assertEqual(list(related.document_ids), list(entity.related_documents))

    def test_04_texts(self):
        counts = self.stub.AnalyzeTextContent(pb.TextAnalysisRequest(
            content="One two. Three!\n\nFour", include_advanced=True))
        self.assertEqual((counts.word_count, counts.sentence_count, counts.paragraph_count),
                         (4, 3, 2))
        self.assertEqual(json.loads(counts.metadata_json)["distinct_words"], 4)
        expanded = self.stub.ExpandQuery(pb.QueryExpansionRequest(
            query="Where did Ada Lovelace meet Babbage?", num_variations=2))
        self.assertEqual(expanded.expansion_count, 2)
        self.assertIn("Ada Lovelace", expanded.key_entities)

    def test_05_charts(self):
        request = pb.CreateChartRequest(chart_type="bar", data_json='{"a": 1, "b": 2}', title="T")
        chart = self.stub.CreateChart(request)
        self.assertTrue(chart.success, chart.error)
        self.assertTrue(chart.chart_data.startswith("<svg"), chart.chart_data[:80])
        request.interactive = request.include_static = True
        chart = self.stub.CreateChart(request)
        self.assertEqual(json.loads(chart.chart_data)["mark"]["type"], "bar")
        self.assertTrue(chart.static_svg.startswith("<svg"))
        wrong = self.stub.CreateChart(pb.CreateChartRequest(chart_type="bar", data_json="[]"))
        self.assertIn("no values", wrong.error)

    def answer(self, name, request):
        """'NOT_FOUND', 'no such …' or what the RPC said."""
        try:
            answer = getattr(self.stub, name)(request)
        except grpc.RpcError as error:
            return error.code().name
        if hasattr(answer, "success"):
            return "granted" if answer.success else answer.error
        return "granted"

    def test_05a_images_without_a_model(self):
        made = self.stub.GenerateImage(pb.ImageGenerationRequest(user_id="ann", prompt="A fox"))
        self.assertFalse(made.success)
        self.assertIn("images.model", made.error)
        for request in (pb.ImageGenerationRequest(prompt="A fox"),
                        pb.ImageGenerationRequest(user_id="ann", prompt="A", format="gif")):
            with self.assertRaises(grpc.RpcError) as refused:
                self.stub.GenerateImage(request)
            self.assertEqual(refused.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        found = self.stub.SearchImages(pb.ImageSearchRequest(user_id="ann", query="Ada"))
        self.assertTrue(found.success)
        self.assertEqual(len(found.metadata), 0, "documents are no images")

    def test_06_no_rpc_shows_another_users_things(self):
        document = self.stub.FindDocumentByPath(pb.FindDocumentByPathRequest(
            user_id="ann", file_path=str(self.folder / "plan.docx"))).document_id
        own = self.stub.CreateUserFile(pb.CreateUserFileRequest(
            user_id="ann", filename="own.md", content="Mine", folder_path="Private"))
        operation = pb.EditorOperationProto(op_type="replace_range", original_text="Mine",
                                            text="Yours", start=-1, end=-1)
        proposal = self.stub.ProposeDocumentEdit(pb.ProposeDocumentEditRequest(
            user_id="ann", document_id=own.document_id, edit_type="operations",
            operations=[operation])).proposal_id
        entity = self.stub.SearchEntities(pb.EntitySearchRequest(user_id="ann")).entities[0]
        for user in ("bob", "system", ""):
            by_id = {"user_id": user, "document_id": document}
            not_found = {"GetDocument": pb.DocumentRequest(**by_id),
                         "GetDocumentContent": pb.DocumentRequest(**by_id),
                         "GetDocumentChunks": pb.DocumentRequest(**by_id),
                         "GetEntity": pb.EntityRequest(user_id=user,
                                                       entity_id=entity.entity_id)}
            for name, request in not_found.items():
                expected = ("NOT_FOUND", "INVALID_ARGUMENT") if user == "" else ("NOT_FOUND",)
                self.assertIn(self.answer(name, request), expected, (name, user))
            refused = {
                "UpdateDocumentContent": pb.UpdateDocumentContentRequest(content="x", **by_id),
                "UpdateDocumentMetadata": pb.UpdateDocumentMetadataRequest(title="x", **by_id),
                "UndoDocumentEdit": pb.UndoDocumentEditRequest(**by_id),
                "ApplyOperationsDirectly": pb.ApplyOperationsDirectlyRequest(
                    operations=[operation], **by_id),
                "ProposeDocumentEdit": pb.ProposeDocumentEditRequest(
                    edit_type="operations", operations=[operation], **by_id),
                "ApplyDocumentEditProposal": pb.ApplyDocumentEditProposalRequest(
                    user_id=user, proposal_id=proposal),
                "CreateUserFile": pb.CreateUserFileRequest(
                    user_id=user, filename="a.md", folder_id=own.folder_id),
                "CreateUserFolder": pb.CreateUserFolderRequest(
                    user_id=user, folder_name="a", parent_folder_id=own.folder_id)}
            for name, request in refused.items():
                answer = self.answer(name, request)
                self.assertRegex(answer, "no such|is no person", (name, user))
            for name, request, field in (
                    ("GetFolderTree", pb.GetFolderTreeRequest(user_id=user), "folders"),
                    ("SearchEntities", pb.EntitySearchRequest(user_id=user), "entities"),
                    ("FindDocumentsByEntities", pb.FindDocumentsByEntitiesRequest(
                        user_id=user, entity_names=["London"]), "document_ids"),
                    ("FindRelatedDocumentsByEntities", pb.FindRelatedDocumentsByEntitiesRequest(
                        user_id=user, entity_names=["London"]), "document_ids"),
                    ("FindCoOccurringEntities", pb.FindCoOccurringEntitiesRequest(
                        user_id=user, entity_names=["London"]), "entities")):
                self.assertEqual(len(getattr(getattr(self.stub, name)(request), field)), 0,
                                 (name, user))
        self.assertEqual(self.found("badgers", user="bob"), [])
        self.assertEqual(self.stub.GetDocumentContent(pb.DocumentRequest(
            user_id="ann", document_id=own.document_id)).content, "Mine")


if __name__ == "__main__":
    unittest.main()
