"""Baton against a model server that others wrote: aimock as OpenAI endpoint."""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402
import third_party  # noqa: E402
from harness import apply_chunks, chat  # noqa: E402


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class AiMock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        third_party.install()
        cls.port = free_port()
        cls.mock = subprocess.Popen(
            ["node", third_party.MODULES / ".bin" / "llmock", "-p", str(cls.port), "-f",
             third_party.HERE / "fixtures", "-c", "5", "-l", "20",
             "--log-level", "warn"],
            env=third_party.node_environment())
        cls.wait_for_mock()
        cls.server = harness.Server(env={"OPENAI_BASE_URL": f"http://127.0.0.1:{cls.port}/v1",
                                         "OPENAI_API_KEY": "k", "BATON_MODEL": "gpt-4o-mini"})
        notes = pathlib.Path(tempfile.mkdtemp()) / "backup.md"
        notes.write_text("# Plan\n\nThe nightly backup runs at 02:30.\n")
        cls.server.baton("import", notes, "--user", "ann")
        cls.stub = cls.server.stub()

    @classmethod
    def wait_for_mock(cls):
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{cls.port}/health", timeout=1)
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("aimock did not start")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        cls.mock.kill()
        cls.mock.wait()

    def test_the_answer_is_streamed(self):
        chunks = chat(self.stub, "write me a poem", agent_type="chat", conversation="poem")
        content = [c for c in chunks if c.type == "content"]
        self.assertGreater(len(content), 1)
        self.assertEqual(apply_chunks(chunks), "Roses are red, tokens are streamed, each one "
                                               "arrives sooner than you dreamed.")

    def test_a_tool_call_goes_through_the_tool_service(self):
        chunks = chat(self.stub, "when is the backup?", agent_type="chat", conversation="tool")
        calls = [json.loads(c.message) for c in chunks if c.type == "tool_call"]
        self.assertEqual([c["phase"] for c in calls], ["start", "end"])
        self.assertEqual(calls[0]["arguments"], {"query": "nightly backup time"})
        self.assertIn("02:30", apply_chunks(chunks))
        self.assertEqual(list(chunks[-1].tools_used), ["search_documents"])
        journal = json.load(urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/__aimock/journal"))
        bodies = json.dumps(journal)
        self.assertIn("The nightly backup runs at 02:30", bodies)

    def test_health_reaches_the_provider(self):
        health = self.stub.HealthCheck(harness.pb.HealthCheckRequest())
        self.assertEqual(health.details["model"], "ok", dict(health.details))


if __name__ == "__main__":
    unittest.main(verbosity=2)
