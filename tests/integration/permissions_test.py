"""Permissions over the wire and in the terminal: answered once, kept over kill -9 and between two
processes on one PostgreSQL.
"""
import concurrent.futures
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import grpc

import harness
from harness import apply_chunks, chat, pb, wait_until

ASKING_AGENT = """---
name: careful
title: Careful
description: Searches the documents, but asks first.
when: Never by itself.
workflow: conversation
tools:
  - search_documents: ask
---
Answer from the passages.
"""
QUESTION = "How hot is green tea steeped?"


def folder_with_agent(test):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-permissions-"))
    test.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    (folder / "agents").mkdir()
    (folder / "agents/careful.md").write_text(ASKING_AGENT)
    (folder / "tea.txt").write_text("Green tea is steeped at 70 degrees.\n")
    return folder


def resume(stub, conversation, run_id, after=0):
    turn = pb.ChatRequest(user_id="ann", conversation_id=conversation)
    turn.metadata.update({"resume": "true", "run_id": run_id, "from_seq": str(after)})
    return list(stub.StreamChat(turn, timeout=60))


def read_to_end(stub, conversation, run_id):
    """The run's whole stream, once it has ended."""
    chunks = []

    def ended():
        chunks[:] = resume(stub, conversation, run_id)
        return chunks[-1].metadata.get("state") not in (None, "waiting")

    wait_until(ended, 30, "the run's end")
    return chunks


def tool_starts(chunks):
    calls = [json.loads(c.message) for c in chunks if c.type == "tool_call"]
    return [c["tool"] for c in calls if c["phase"] == "start"]


class Asking(unittest.TestCase):
    def ask(self, stub, conversation, **fields):
        """A turn as far as its question: its run's id, and the question."""
        chunks = chat(stub, QUESTION, conversation=conversation, agent_type="careful", **fields)
        self.assertEqual(chunks[-1].metadata["state"], "waiting")
        pending = stub.GetPendingPermissions(
            pb.PermissionRequest(user_id="ann", conversation_id=conversation)).permissions
        self.assertEqual(len(pending), 1)
        return chunks[-1].metadata["run_id"], pending[0]

    def approve(self, stub, question, decision="approved", user="ann", **fields):
        return stub.ApprovePermission(pb.PermissionApproval(
            user_id=user, question_id=question.question_id, approval_decision=decision, **fields))

    def check_answered_once(self, chunks):
        self.assertIn("70 degrees", apply_chunks(chunks))
        self.assertEqual(tool_starts(chunks), ["search_documents"])
        self.assertEqual([int(c.metadata["seq"]) for c in chunks], [*range(1, len(chunks) + 1)])


class Permissions(Asking):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder_with_agent(cls)
        cls.server = harness.Server(args=["--agents", cls.folder / "agents"])
        cls.addClassCleanup(cls.server.__exit__)
        cls.server.baton("import", cls.folder / "tea.txt", "--user", "ann")

    def test_an_approval_counts_after_kill_9_and_before_the_next(self):
        run_id, question = self.ask(self.server.stub(), "kill")
        self.server.kill()
        self.server.start()
        stub = self.server.stub()
        self.assertTrue(self.approve(stub, question).success)
        self.server.kill()  # wherever it stands by now
        self.server.start()
        self.check_answered_once(read_to_end(self.server.stub(), "kill", run_id))

    def test_what_is_asked_is_told(self):
        stub = self.server.stub()
        run_id, question = self.ask(stub, "told")
        self.assertEqual(question.operation_type, "read")
        self.assertEqual(question.tool_name, "search_documents")
        self.assertEqual(question.safety_level, "low")
        self.assertEqual(question.run_id, run_id)
        self.assertIn("Careful", question.reasoning)
        self.assertIn("tea", question.query)
        self.assertLess(question.timestamp, question.expires_at)
        everywhere = stub.GetPendingPermissions(pb.PermissionRequest(user_id="ann")).permissions
        self.assertIn(question, everywhere)

    def test_the_second_answer_is_told_of_the_first(self):
        stub = self.server.stub()
        run_id, question = self.ask(stub, "twice")
        first = self.approve(stub, question, "denied")
        self.assertTrue(first.success)
        self.assertEqual((first.next_action, first.run_id), ("continue", run_id))
        second = self.approve(stub, question)
        self.assertFalse(second.success)
        self.assertEqual(second.next_action, "none")
        self.assertIn("answered already: denied", second.message)
        self.assertEqual(tool_starts(read_to_end(stub, "twice", run_id)), [])

    def test_a_foreign_question_is_not_found_and_consent_is_not_guessed(self):
        stub = self.server.stub()
        _, question = self.ask(stub, "foreign")
        for code, call in [
                (grpc.StatusCode.NOT_FOUND, lambda: self.approve(stub, question, user="eve")),
                (grpc.StatusCode.NOT_FOUND, lambda: stub.ApprovePermission(pb.PermissionApproval(
                    user_id="eve", conversation_id="foreign", operation_type="read",
                    approval_decision="approved"))),
                (grpc.StatusCode.INVALID_ARGUMENT, lambda: self.approve(stub, question, "yes")),
                (grpc.StatusCode.INVALID_ARGUMENT,
                 lambda: self.approve(stub, question, scope="forever"))]:
            with self.assertRaises(grpc.RpcError) as refused:
                call()
            self.assertEqual(refused.exception.code(), code)
        eve = pb.PermissionRequest(user_id="eve", conversation_id="foreign")
        self.assertEqual(len(stub.GetPendingPermissions(eve).permissions), 0)

    def test_by_conversation_and_operation_as_older_clients_do(self):
        stub = self.server.stub()
        run_id, _ = self.ask(stub, "older")
        answer = stub.ApprovePermission(pb.PermissionApproval(
            user_id="ann", conversation_id="older", operation_type="read",
            approval_decision="approved"))
        self.assertTrue(answer.success, answer.message)
        self.check_answered_once(read_to_end(stub, "older", run_id))

    def test_a_yes_in_chat_goes_on_with_the_same_run(self):
        stub = self.server.stub()
        run_id, _ = self.ask(stub, "chat")
        answered = chat(stub, "Ja, bitte!", conversation="chat")
        self.assertEqual({c.metadata["run_id"] for c in answered}, {run_id})
        self.assertIn("70 degrees", apply_chunks(answered))
        shown = self.server.baton("conversations", "show", "chat", "--user", "ann")
        lines = shown.stdout.splitlines()
        said_by = lines[lines.index("Ja, bitte!") - 1]
        self.assertTrue(said_by.startswith("user "), said_by)
        for message in ("why?", "book a table"):
            run_id, _ = self.ask(stub, "chat")
            other = chat(stub, message, conversation="chat")
            self.assertNotIn(run_id, {c.metadata["run_id"] for c in other})

    def test_grants_of_the_request_hold_for_that_request(self):
        grants = pb.PermissionGrants(custom_permissions={"search_documents": True})
        chunks = chat(self.server.stub(), QUESTION, conversation="granted", agent_type="careful",
                      permission_grants=grants)
        self.assertIn("70 degrees", apply_chunks(chunks))
        self.ask(self.server.stub(), "granted")

    def test_the_command_line(self):
        baton = lambda *args: self.server.baton("permissions", *args, "--user", "cli")
        asked = self.server.baton("chat", QUESTION, "--agent", "careful", "--user", "cli",
                                  "--conversation", "cli-1", input="")
        self.assertIn("Risk: low", asked.stderr)
        shown = baton("list", "--json")
        question = json.loads(shown.stdout)
        self.assertEqual(question["conversation_id"], "cli-1")
        self.assertIn(question["question_id"], baton("list").stdout)
        approved = baton("approve", question["question_id"], "--scope", "conversation")
        self.assertEqual(approved.returncode, 0, approved.stderr)
        again = baton("deny", question["question_id"])
        self.assertEqual(again.returncode, 1)
        self.assertIn("answered already: approved", again.stderr)
        grant = json.loads(baton("grants", "--json").stdout)
        self.assertEqual((grant["tool"], grant["conversation_id"]), ("search_documents", "cli-1"))
        self.assertIn("nothing is asked", baton("list").stdout)
        foreign = self.server.baton("permissions", "revoke", grant["grant_id"], "--user", "eve")
        self.assertEqual(foreign.returncode, 1)
        self.assertEqual(baton("revoke", grant["grant_id"]).returncode, 0)
        self.assertIn("no grants", baton("grants").stdout)
        log = baton("log").stdout
        for word in ("asked", "approved", "granted", "revoked"):
            self.assertIn(word, log)

    def test_an_answer_in_the_terminal_may_be_for_the_conversation(self):
        args = ("--agent", "careful", "--user", "ann", "--conversation", "inline")
        first = self.server.baton("chat", QUESTION, *args, input="c\n")
        self.assertIn("70 degrees", first.stdout, first.stderr)
        second = self.server.baton("chat", QUESTION, *args, input="")
        self.assertIn("70 degrees", second.stdout, second.stderr)
        self.assertNotIn("Allow?", second.stderr)


class Expiry(Asking):
    def test_nobody_answers_in_time(self):
        folder = folder_with_agent(type(self))
        env = {"BATON_PERMISSIONS_ANSWER_SECONDS": "1"}
        with harness.Server(args=["--agents", folder / "agents"], env=env) as server:
            stub = server.stub()
            run_id, question = self.ask(stub, "late")
            chunks = read_to_end(stub, "late", run_id)  # the run goes on by itself
            self.assertEqual(chunks[-1].type, "complete")
            self.assertEqual(tool_starts(chunks), [])
            late = self.approve(stub, question)
            self.assertFalse(late.success)
            self.assertIn("expired", late.message)


class TwoProcesses(Asking):
    def test_on_one_postgresql(self):
        folder = folder_with_agent(type(self))
        postgres = subprocess.Popen([harness.BIN / "with_postgres", "sh", "-c",
                                     "echo $PROBE_CHECKPOINTER; cat"], text=True,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(postgres.wait)
        self.addCleanup(postgres.stdin.close)
        self.addCleanup(postgres.stdout.close)
        address = postgres.stdout.readline().strip().removeprefix("postgres:")
        env = {"BATON_DATABASE": address}
        args = ["--agents", folder / "agents"]
        with harness.Server(args=args, env=env) as one, harness.Server(args=args, env=env) as two:
            one.baton("import", folder / "tea.txt", "--user", "ann")
            self._an_approval_at_the_other(one, two)
            self._a_yes_and_a_no_at_once(one, two)
            self._the_asker_dies(one, two)

    def _an_approval_at_the_other(self, one, two):
        run_id, question = self.ask(one.stub(), "across")
        self.assertTrue(self.approve(two.stub(), question).success)
        self.check_answered_once(read_to_end(one.stub(), "across", run_id))

    def _a_yes_and_a_no_at_once(self, one, two):
        stubs = [one.stub(), two.stub()]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for i in range(10):
                run_id, question = self.ask(stubs[i % 2], f"race-{i}")
                yes, no = pool.map(self.approve, stubs, [question] * 2, ["approved", "denied"])
                self.assertEqual({yes.success, no.success}, {True, False})
                chunks = read_to_end(stubs[0], f"race-{i}", run_id)
                self.assertEqual(len(tool_starts(chunks)), 1 if yes.success else 0)

    def _the_asker_dies(self, one, two):
        run_id, question = self.ask(one.stub(), "dies")
        one.kill()
        self.assertTrue(self.approve(two.stub(), question).success)
        self.check_answered_once(read_to_end(two.stub(), "dies", run_id))


if __name__ == "__main__":
    unittest.main(verbosity=2)
