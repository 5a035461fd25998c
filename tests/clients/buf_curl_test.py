"""`buf curl` over server reflection: list, health, a streamed turn, a tool call."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402
import third_party  # noqa: E402


class BufCurl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        third_party.install()
        cls.server = harness.Server()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def buf(self, address, *args):
        run = subprocess.run([third_party.buf(), "curl", "--protocol", "grpc",
                              "--http2-prior-knowledge", *args[:-1],
                              f"http://{address}{args[-1]}"],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def test_reflection_lists_the_services(self):
        for address, service in ((self.server.grpc_address, "orchestrator.OrchestratorService"),
                                 (self.server.tools_address, "tool_service.ToolService")):
            self.assertIn(service, self.buf(address, "--list-services", "").split())

    def test_a_turn(self):
        body = json.dumps({"userId": "ann", "conversationId": "buf", "query": "hello"})
        out = self.buf(self.server.grpc_address, "-d", body,
                       "/orchestrator.OrchestratorService/StreamChat")
        decoder, chunks, at = json.JSONDecoder(), [], 0
        while at < len(out.rstrip()):
            chunk, end = decoder.raw_decode(out, at)
            chunks.append(chunk)
            at = end + len(out[end:]) - len(out[end:].lstrip())
        self.assertEqual(chunks[0]["type"], "status")
        self.assertEqual(chunks[-1]["type"], "complete")

    def test_health_and_tools(self):
        out = json.loads(self.buf(self.server.grpc_address, "-d", "{}",
                                  "/orchestrator.OrchestratorService/HealthCheck"))
        self.assertEqual(out["status"], "healthy")
        out = self.buf(self.server.tools_address, "-d",
                       json.dumps({"userId": "ann", "query": "anything"}),
                       "/tool_service.ToolService/SearchDocuments")
        self.assertIsInstance(json.loads(out), dict)


if __name__ == "__main__":
    unittest.main(verbosity=2)
