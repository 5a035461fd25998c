"""A client we did not write: Debian's python3-grpcio with stubs made from the contract."""
import json
import subprocess
import tempfile
import time
import unittest
import urllib.request

import grpc

import harness
from harness import apply_chunks, chat, pb, request


class StreamChat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server()
        cls.stub = cls.server.stub()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def refused(self, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        return caught.exception.code(), caught.exception.details()

    def test_a_turn_is_status_content_complete_with_sequence_numbers(self):
        chunks = chat(self.stub, "hello", conversation="shape")
        self.assertEqual(chunks[0].type, "status")
        self.assertEqual(chunks[0].agent_name, "orchestrator")
        self.assertEqual(chunks[-1].type, "complete")
        self.assertEqual(chunks[-1].agent_name, "system")
        self.assertEqual([int(c.metadata["seq"]) for c in chunks],
                         list(range(1, len(chunks) + 1)))
        self.assertEqual(len({c.metadata["run_id"] for c in chunks}), 1)
        self.assertGreater(len([c for c in chunks if c.type == "content"]), 1)
        self.assertTrue(all(c.timestamp for c in chunks))

    def test_both_spellings_of_an_agent(self):
        for spelling in ("research", "research_agent", "chat", "chat_agent"):
            chunks = chat(self.stub, "hello there", agent_type=spelling,
                          conversation="spelling-" + spelling)
            content = [c for c in chunks if c.type == "content"]
            self.assertEqual({c.agent_name for c in content},
                             {spelling.removesuffix("_agent") + "_agent"})

    def test_an_unknown_agent_names_the_known_ones(self):
        code, details = self.refused(lambda: chat(self.stub, "hi", agent_type="nonsense"))
        self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT)
        for part in ("nonsense", "chat", "research"):
            self.assertIn(part, details)

    def test_history_is_kept_per_user_and_conversation(self):
        chat(self.stub, "My favourite number is seventeen.", conversation="memory")
        asked = "What did I say before?"
        mine = apply_chunks(chat(self.stub, asked, conversation="memory"))
        self.assertIn("seventeen", mine)
        other = apply_chunks(chat(self.stub, asked, conversation="memory", user="bob"))
        self.assertNotIn("seventeen", other)

    def test_missing_fields_are_named(self):
        for field, bad in (("user_id", request("q", user="")),
                           ("conversation_id", request("q", conversation="")),
                           ("query", request("")), ("query", request("  \n"))):
            code, details = self.refused(lambda b=bad: list(self.stub.StreamChat(b)))
            self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT, details)
            self.assertIn(field, details)

    def test_a_5_mib_editor_is_accepted(self):
        editor = pb.ActiveEditor(is_editable=True, filename="big.md", content="x" * (5 << 20))
        chunks = chat(self.stub, "hello", conversation="editor", active_editor=editor)
        self.assertEqual(chunks[-1].type, "complete")

    def test_65_mib_is_refused_and_the_server_goes_on(self):
        editor = pb.ActiveEditor(content="x" * (65 << 20))
        code, details = self.refused(
            lambda: chat(self.stub, "hello", conversation="huge", active_editor=editor))
        self.assertEqual(code, grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertRegex(details, "larger|limit")
        self.assertEqual(chat(self.stub, "hello", conversation="after-huge")[-1].type, "complete")

    def test_bad_utf8_names_field_and_byte(self):
        raw = self.server._channel.unary_stream("/orchestrator.OrchestratorService/StreamChat",
                                                request_serializer=bytes,
                                                response_deserializer=pb.ChatChunk.FromString)
        valid = request("hello", conversation="utf8").SerializeToString()
        for bad, expected in ((valid.replace(b"hello", b"he\xffo!"), ("query", "2")),
                              (valid[:-3], ("ChatRequest",))):
            code, details = self.refused(lambda b=bad: list(raw(b)))
            self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT, details)
            for part in expected:
                self.assertIn(part, details)
        self.assertEqual(chat(self.stub, "hello", conversation="utf8")[-1].type, "complete")

    def test_health_names_every_dependency(self):
        health = self.stub.HealthCheck(pb.HealthCheckRequest())
        self.assertEqual(health.status, "healthy")
        for dependency in ("store", "tool_service", "model"):
            self.assertEqual(health.details[dependency], "ok", dict(health.details))

    def test_a_busy_conversation_is_refused_by_name_of_the_run(self):
        server = harness.Server(env={"BATON_OFFLINE_TOKEN_DELAY_MS": "50",
                                     "BATON_ON_BUSY": "reject"})
        with server:
            stub = server.stub()
            first = stub.StreamChat(request("hello, what can you do?"))
            run_id = next(first).metadata["run_id"]
            code, details = self.refused(lambda: chat(stub, "again"))
            self.assertEqual(code, grpc.StatusCode.FAILED_PRECONDITION)
            self.assertIn(run_id, details)
            first.cancel()
            deadline = time.monotonic() + 5
            while True:  # the cancelled run ends at once; the conversation is free again
                try:
                    self.assertEqual(chat(stub, "again")[-1].type, "complete")
                    break
                except grpc.RpcError as error:
                    if time.monotonic() > deadline:
                        raise error


class Token(unittest.TestCase):
    def test_the_token_is_required_where_one_is_configured(self):
        with harness.Server(env={"BATON_SERVICE_TOKEN": "s3cret"}) as server:
            stub = server.stub()
            with self.assertRaises(grpc.RpcError) as caught:
                chat(stub, "hello")
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
            with self.assertRaises(grpc.RpcError) as caught:
                server.tools_stub().SearchDocuments(harness.tools_pb.SearchRequest(query="x"))
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
            chunks = list(stub.StreamChat(request("hello"),
                                          metadata=(("authorization", "Bearer s3cret"),)))
            self.assertEqual(chunks[-1].type, "complete")
            health = stub.HealthCheck(pb.HealthCheckRequest())
            self.assertEqual(health.status, "healthy")
            self.assertEqual(dict(health.details), {})
            health = stub.HealthCheck(pb.HealthCheckRequest(),
                                      metadata=(("authorization", "Bearer s3cret"),))
            self.assertEqual(health.details["store"], "ok")
            self.assertEqual(set(self.http_health(server)), {"status"})
            self.assertIn("details", self.http_health(server, "Bearer s3cret"))
            self.assertEqual(server.baton("chat", "hello").returncode, 0)

    def http_health(self, server, authorization=""):
        asked = urllib.request.Request(server.http_url + "/health",
                                       headers={"Authorization": authorization})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.load(answer)

    def test_check_says_whether_the_token_is_accepted(self):
        with harness.Server(env={"BATON_SERVICE_TOKEN": "s3cret"}) as server:
            check = server.baton("check")
            self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
            self.assertIn("PASS service token accepted\n", check.stdout)
            server._env["BATON_SERVICE_TOKEN"] = "another"
            check = server.baton("check")
            self.assertEqual(check.returncode, 1, check.stdout)
            self.assertIn("FAIL service token accepted: ", check.stdout)
            self.assertIn("BATON_SERVICE_TOKEN", check.stdout)
            self.assertIn("PASS overall: healthy", check.stdout)
            self.assertNotIn("store", check.stdout)

    def test_without_a_token_only_loopback_is_served(self):
        with tempfile.TemporaryDirectory(prefix="baton-data-") as data:
            run = subprocess.run([harness.BATON, "serve", "--data", data, "--grpc", "0",
                                  "--tools", "0", "--http", "0"], capture_output=True, text=True,
                                 env={"BATON_GRPC_ADDRESS": "0.0.0.0", "PATH": "/usr/bin:/bin"},
                                 timeout=30, cwd=harness.ROOT)
        self.assertEqual(run.returncode, 1)
        self.assertIn("BATON_SERVICE_TOKEN", run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
