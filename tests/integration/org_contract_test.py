"""The org RPCs as a client of the contract calls them, which knows items by their line only."""
import pathlib
import tempfile
import unittest

import grpc

import harness
from harness import tools_pb as pb

INBOX = """\
#+TITLE: Inbox
- [ ] Buy milk :errand:
* TODO Call Bob
About the boat.
* DONE Pay rent
"""


class OrgContract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server(env={"BATON_TIMEZONE": "Europe/Berlin"})
        folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-org-"))
        cls.inbox = folder / "inbox.org"
        cls.inbox.write_text(INBOX)
        (folder / "latin1.org").write_bytes(b"* TODO Caf\xe9\n")
        cls.imported = cls.server.baton("import", folder, "--user", "ann")
        cls.stub = cls.server.tools_stub()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def items(self, user="ann"):
        listed = self.stub.ListOrgInboxItems(pb.ListOrgInboxItemsRequest(user_id=user))
        self.assertTrue(listed.success, listed.error)
        return {item.text: item for item in listed.items}

    def test_01_import_took_the_org_files_and_said_what_it_could_not(self):
        self.assertEqual(self.imported.returncode, 0, self.imported.stderr)
        self.assertIn("latin1.org", self.imported.stderr)
        self.assertIn("UTF-8", self.imported.stderr)

    def test_02_path(self):
        path = self.stub.GetOrgInboxPath(pb.GetOrgInboxPathRequest(user_id="ann"))
        self.assertTrue(path.success)
        self.assertEqual(path.path, str(self.inbox))

    def test_03_list(self):
        items = self.items()
        self.assertEqual([(i.line_index, i.item_type, i.todo_state, i.is_done)
                          for i in items.values()],
                         [(1, "checkbox", "TODO", False), (2, "todo", "TODO", False),
                          (4, "todo", "DONE", True)])
        self.assertEqual(list(items["Buy milk"].tags), ["errand"])

    def test_04_items_with_content(self):
        items = self.stub.GetOrgInboxItems(pb.OrgInboxRequest(user_id="ann", limit=2)).items
        self.assertEqual([i.title for i in items], ["Buy milk", "Call Bob"])
        self.assertEqual(items[1].content, "About the boat.")

    def test_05_search(self):
        found = self.stub.SearchOrgFiles(pb.OrgSearchRequest(user_id="ann", query="boat"))
        self.assertEqual([(r.heading, r.line_number, r.document_name) for r in found.results],
                         [("Call Bob", 4, "inbox.org")])

    def test_06_add(self):
        added = self.stub.AddOrgInboxItem(pb.AddOrgInboxItemRequest(
            user_id="ann", text="Renew the passport", kind="todo", schedule="<2030-03-01 Fri>",
            repeater="+1y", tags=["admin"]))
        self.assertTrue(added.success, added.error)
        item = self.items()["Renew the passport"]
        self.assertEqual(added.line_index, item.line_index)
        self.assertEqual(list(item.tags), ["admin"])
        contact = self.stub.AddOrgInboxItem(pb.AddOrgInboxItemRequest(
            user_id="ann", text="Ada", kind="contact", contact_properties={"EMAIL": "a@b.c"}))
        self.assertTrue(contact.success, contact.error)
        self.assertEqual(self.items()["Ada"].item_type, "contact")

    def test_07_toggle(self):
        line = self.items()["Call Bob"].line_index
        toggled = self.stub.ToggleOrgInboxItem(
            pb.ToggleOrgInboxItemRequest(user_id="ann", line_index=line))
        self.assertTrue(toggled.success, toggled.error)
        self.assertEqual((toggled.updated_index, toggled.new_line), (line, "* DONE Call Bob"))
        wrong = self.stub.ToggleOrgInboxItem(
            pb.ToggleOrgInboxItemRequest(user_id="ann", line_index=3))
        self.assertFalse(wrong.success)
        self.assertIn("line 3", wrong.error)

    def test_08_update(self):
        line = self.items()["Buy milk"].line_index
        updated = self.stub.UpdateOrgInboxItem(pb.UpdateOrgInboxItemRequest(
            user_id="ann", line_index=line, new_text="Buy oat milk"))
        self.assertTrue(updated.success, updated.error)
        self.assertEqual(updated.new_line, "- [ ] Buy oat milk :errand:")

    def test_09_schedule(self):
        line = self.items()["Call Bob"].line_index
        scheduled = self.stub.SetOrgInboxSchedule(pb.SetOrgInboxScheduleRequest(
            user_id="ann", line_index=line, scheduled="<2030-03-01 Fri>", repeater="+1w"))
        self.assertTrue(scheduled.success, scheduled.error)
        self.assertEqual(scheduled.scheduled_line, "SCHEDULED: <2030-03-01 Fri +1w>")

    def test_10_tags(self):
        line = self.items()["Call Bob"].line_index
        tagged = self.stub.ApplyOrgInboxTags(pb.ApplyOrgInboxTagsRequest(
            user_id="ann", line_index=line, tags=["phone", "follow-up"]))
        self.assertTrue(tagged.success, tagged.error)
        self.assertEqual(list(tagged.applied_tags), ["phone", "follow_up"])

    def test_11_archive(self):
        archived = self.stub.ArchiveOrgInboxDone(pb.ArchiveOrgInboxDoneRequest(user_id="ann"))
        self.assertTrue(archived.success, archived.error)
        self.assertEqual(archived.archived_count, 2)
        self.assertNotIn("Pay rent", self.items())

    def test_12_append(self):
        appended = self.stub.AppendOrgInboxText(pb.AppendOrgInboxTextRequest(
            user_id="ann", text="* Garden :project:\n** TODO Dig\n"))
        self.assertTrue(appended.success, appended.error)
        self.assertEqual(self.items()["Dig"].todo_state, "TODO")

    def test_13_agenda_and_refile_go_beyond_the_contract(self):
        agenda = self.stub.GetOrgAgenda(pb.OrgAgendaRequest(
            user_id="ann", from_day="2030-03-01", to_day="2030-03-01"))
        self.assertEqual([e.title for e in agenda.entries], ["Renew the passport"])
        dig, passport = self.items()["Dig"], self.items()["Renew the passport"]
        moved = self.stub.RefileOrgItem(pb.RefileOrgItemRequest(
            user_id="ann", item_id=dig.item_id, item_version=dig.item_version,
            target_item_id=passport.item_id))
        self.assertTrue(moved.success, moved.error)

    def test_14_stale_reads_are_refused(self):
        item = self.items()["Renew the passport"]
        by_id = dict(user_id="ann", item_id=item.item_id, item_version=item.item_version)
        first = self.stub.ApplyOrgInboxTags(pb.ApplyOrgInboxTagsRequest(tags=["x"], **by_id))
        self.assertTrue(first.success, first.error)
        second = self.stub.ApplyOrgInboxTags(pb.ApplyOrgInboxTagsRequest(tags=["y"], **by_id))
        self.assertFalse(second.success)
        self.assertIn("changed since it was read", second.error)

    def test_15_nobody_else_sees_any_of_it(self):
        item = self.items()["Renew the passport"]
        foreign = self.stub.ToggleOrgInboxItem(
            pb.ToggleOrgInboxItemRequest(user_id="bob", item_id=item.item_id))
        self.assertFalse(foreign.success)
        self.assertIn("no such entry", foreign.error)
        for user in ("bob", "", "system"):
            self.assertEqual(self.items(user), {})
            found = self.stub.SearchOrgFiles(pb.OrgSearchRequest(user_id=user, query="passport"))
            self.assertEqual(list(found.results), [])

    def test_16_what_is_wrong_with_a_search_is_a_status(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.stub.SearchOrgFiles(pb.OrgSearchRequest(user_id="ann"))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_17_it_is_all_there_after_kill_9(self):
        before = sorted(self.items())
        self.server.kill()
        self.server.start()
        type(self).stub = self.server.tools_stub()
        self.assertEqual(sorted(self.items()), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
