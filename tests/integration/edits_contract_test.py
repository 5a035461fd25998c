"""The edit, file and folder RPCs of the real binary, called by Debian's python3-grpcio."""
import pathlib
import tempfile
import unittest

import grpc

import harness
from harness import tools_pb as pb

TEXT = "# Story\n\nA \U0001F600 fox slept.\n\n## End\n\nAll was well.\n"


def pre_hash(text):
    """As the browser makes it, over UTF-16 code units."""
    units = text.encode("utf-16-le")
    value = 0
    for i in range(0, len(units), 2):
        value = (value * 31 + units[i] + 256 * units[i + 1]) & 0xFFFFFFFF
    return f"{value:x}"


def utf16(text):
    return len(text.encode("utf-16-le")) // 2


class EditsContract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-edits-"))
        cls.path = folder / "story.md"
        cls.path.write_text(TEXT)
        cls.server.baton("import", folder, "--user", "ann")
        cls.stub = cls.server.tools_stub()
        cls.id = cls.stub.FindDocumentByPath(pb.FindDocumentByPathRequest(
            user_id="ann", file_path=str(cls.path))).document_id

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def content(self):
        return self.stub.GetDocumentContent(
            pb.DocumentRequest(user_id="ann", document_id=self.id)).content

    def operation(self, old, new):
        start = utf16(self.content()[:self.content().index(old)])
        return pb.EditorOperationProto(op_type="replace_range", start=start,
                                       end=start + utf16(old), text=new, pre_hash=pre_hash(old))

    def test_01_offsets_and_hashes_are_the_browsers(self):
        applied = self.stub.ApplyOperationsDirectly(pb.ApplyOperationsDirectlyRequest(
            user_id="ann", document_id=self.id, agent_name="test",
            operations=[self.operation("well", "quiet"), self.operation("fox", "badger")]))
        self.assertTrue(applied.success, applied.error)
        self.assertEqual(applied.applied_count, 2)
        self.assertEqual(self.content(), TEXT.replace("fox", "badger").replace("well", "quiet"))

    def test_02_stale_operations_are_refused(self):
        stale = pb.EditorOperationProto(op_type="replace_range", start=11, end=14, text="x",
                                        pre_hash=pre_hash("fox"))
        before = self.content()
        applied = self.stub.ApplyOperationsDirectly(pb.ApplyOperationsDirectlyRequest(
            user_id="ann", document_id=self.id, operations=[stale]))
        self.assertFalse(applied.success)
        self.assertIn("is not what it was", applied.error)
        self.assertEqual(self.content(), before)

    def test_03_undo(self):
        undone = self.stub.UndoDocumentEdit(pb.UndoDocumentEditRequest(
            user_id="ann", document_id=self.id))
        self.assertTrue(undone.success, undone.error)
        self.assertEqual(self.content(), TEXT)

    def test_04_proposal(self):
        proposed = self.stub.ProposeDocumentEdit(pb.ProposeDocumentEditRequest(
            user_id="ann", document_id=self.id, edit_type="operations", summary="s",
            operations=[self.operation("fox", "cat"),
                        pb.EditorOperationProto(op_type="insert_after_heading",
                                                anchor_text="## End", text="New")]))
        self.assertTrue(proposed.success, proposed.error)
        self.assertEqual(self.content(), TEXT)
        foreign = self.stub.ApplyDocumentEditProposal(pb.ApplyDocumentEditProposalRequest(
            user_id="bob", proposal_id=proposed.proposal_id))
        self.assertIn("no such proposal", foreign.error)
        applied = self.stub.ApplyDocumentEditProposal(pb.ApplyDocumentEditProposalRequest(
            user_id="ann", proposal_id=proposed.proposal_id, selected_operation_indices=[1]))
        self.assertEqual((applied.success, applied.applied_count), (True, 1), applied.error)
        self.assertEqual(self.content(), TEXT.replace("## End\n", "## End\nNew\n"))
        lost = self.stub.ProposeDocumentEdit(pb.ProposeDocumentEditRequest(
            user_id="ann", document_id=self.id, edit_type="operations",
            operations=[pb.EditorOperationProto(op_type="insert_after_heading",
                                                anchor_text="## Nowhere", text="New")]))
        self.assertFalse(lost.success)

    def test_05_import_keeps_the_edit(self):
        self.server.baton("import", self.path, "--user", "ann")
        self.assertIn("New", self.content())

    def test_06_content_and_metadata(self):
        updated = self.stub.UpdateDocumentContent(pb.UpdateDocumentContentRequest(
            user_id="ann", document_id=self.id, content="Last \U0001F600", append=True))
        self.assertTrue(updated.success, updated.error)
        self.assertEqual(updated.content_length, utf16(self.content()))
        changed = self.stub.UpdateDocumentMetadata(pb.UpdateDocumentMetadataRequest(
            user_id="ann", document_id=self.id, title="Titled", frontmatter_type="fiction"))
        self.assertEqual(list(changed.updated_fields), ["title", "frontmatter_type"])
        document = self.stub.GetDocument(pb.DocumentRequest(user_id="ann", document_id=self.id))
        self.assertEqual((document.title, document.metadata["type"]), ("Titled", "fiction"))

    def test_07_files_folders_tags(self):
        made = self.stub.CreateUserFile(pb.CreateUserFileRequest(
            user_id="ann", filename="plan.md", content="Do it", folder_path="Work",
            tags=["urgent"], category="c"))
        self.assertTrue(made.success, made.error)
        folder = self.stub.CreateUserFolder(pb.CreateUserFolderRequest(
            user_id="ann", folder_name="Old", parent_folder_id=made.folder_id))
        self.assertTrue(folder.success, folder.error)
        tree = self.stub.GetFolderTree(pb.GetFolderTreeRequest(user_id="ann"))
        by_id = {f.folder_id: f for f in tree.folders}
        self.assertEqual(by_id[folder.folder_id].parent_folder_id, made.folder_id)
        self.assertEqual(by_id[made.folder_id].document_count, 1)
        tagged = self.stub.FindDocumentsByTags(pb.FindDocumentsByTagsRequest(
            user_id="ann", required_tags=["Urgent"]))
        self.assertEqual([d.document_id for d in tagged.results], [made.document_id])

    def test_08_another_users_document_is_not_there(self):
        for call, request in (
                (self.stub.UndoDocumentEdit, pb.UndoDocumentEditRequest),
                (self.stub.UpdateDocumentContent, pb.UpdateDocumentContentRequest),
                (self.stub.UpdateDocumentMetadata, pb.UpdateDocumentMetadataRequest),
                (self.stub.ApplyOperationsDirectly, pb.ApplyOperationsDirectlyRequest)):
            answer = call(request(user_id="bob", document_id=self.id))
            self.assertFalse(answer.success)
            self.assertIn("no such document", answer.error)
        self.assertEqual(self.stub.GetFolderTree(pb.GetFolderTreeRequest(user_id="bob")).total_folders, 0)
        with self.assertRaises(grpc.RpcError) as caught:
            self.stub.GetDocument(pb.DocumentRequest(user_id="bob", document_id=self.id))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)


if __name__ == "__main__":
    unittest.main()
