"""`baton eval`: real questions, recorded and replayed, with no model and no network."""
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import harness

EXAMPLE = harness.ROOT / "examples/eval"

RECORD_AGAIN = """
If a prompt was changed on purpose, record the example again:
  rm -r examples/eval/recordings
  baton eval examples/eval/notes.yaml --record examples/eval/recordings
"""

QUESTIONS = """
documents: notes
agent: chat
questions:
  - id: shaped
    ask: Give me the hour of the backup as JSON
    expect:
      schema: {type: object, required: [hour], properties: {hour: {type: string}}}
      calls: search_documents
      cites: backup.md
  - id: friendly
    ask: Thank you
    expect:
      judge: The answer is friendly.
"""


class Provider:
    """An OpenAI-compatible server that searches, answers and judges by what it is asked."""

    def __init__(self, judge_passes=True):
        self.requests = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                provider.requests.append(body)
                delta = provider.answer(body, judge_passes)
                reason = "tool_calls" if "tool_calls" in delta else "stop"
                if not body.get("stream"):
                    choice = {"index": 0, "message": {"role": "assistant", **delta},
                              "finish_reason": reason}
                    self.reply("application/json", json.dumps({"choices": [choice]}))
                    return
                pieces = [{"choices": [{"index": 0, "delta": delta}]},
                          {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}]
                self.reply("text/event-stream",
                           "".join(f"data: {json.dumps(p)}\n\n" for p in pieces) +
                           "data: [DONE]\n\n")

            def do_GET(self):
                self.reply("application/json", '{"object": "list", "data": []}')

            def reply(self, kind, text):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, body, judge_passes):
        last = body["messages"][-1]
        if "<criterion>" in (last["content"] or ""):
            return {"content": json.dumps({"why": "It says so.", "pass": judge_passes})}
        if last["role"] == "tool":
            return {"content": '{"hour": "02:30"} [1]' if "02:30" not in last["content"]
                    else '```json\n{"hour": "02:30"}\n```\n[1]'}
        if "JSON" in last["content"]:
            call = {"name": "search_documents", "arguments": '{"query": "nightly backup"}'}
            return {"tool_calls": [{"index": 0, "id": "call_a", "type": "function",
                                    "function": call}]}
        return {"content": "Gladly!"}

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Eval(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-eval-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "notes").mkdir()
        (self.folder / "notes/backup.md").write_text(
            "# Backup plan\n\nThe nightly backup runs at 02:30.\n")
        (self.folder / "e.yaml").write_text(QUESTIONS)

    def eval(self, *args, file=None, env=None, folder=None):
        folder = folder or self.folder
        # A proxy that nobody listens at: whoever reaches for the network fails.
        nowhere = f"http://127.0.0.1:{free_port()}"
        environment = {**harness.clean_environment(), "http_proxy": nowhere,
                       "https_proxy": nowhere, "no_proxy": "127.0.0.1", **(env or {})}
        return subprocess.run(
            [harness.BATON, "eval", file or folder / "e.yaml", "--data", folder / "data",
             "--agents", harness.ROOT / "agents", *map(str, args)],
            env=environment, cwd=folder, text=True, capture_output=True, timeout=120)

    def record(self, judge_passes=True):
        provider = Provider(judge_passes)
        try:
            result = self.eval("--record", self.folder / "calls", env={
                "OPENAI_BASE_URL": provider.base_url, "BATON_MODEL": "m"})
        finally:
            provider.close()
        return result, provider

    def test_a_recording_is_replayed_without_the_provider_and_elsewhere(self):
        recorded, provider = self.record()
        self.assertEqual(recorded.returncode, 0, recorded.stdout + recorded.stderr)
        self.assertIn("2 of 2 passed, model openai:m", recorded.stdout)
        self.assertGreaterEqual(len(provider.requests), 4)  # two turns, a tool's, a judge's
        elsewhere = self.folder / "elsewhere"
        for name in ("e.yaml", "notes", "calls"):
            (shutil.copytree if name != "e.yaml" else shutil.copy)(
                self.folder / name, (elsewhere.mkdir(exist_ok=True) or elsewhere) / name)
        asked = len(provider.requests)
        replayed = self.eval("--replay", "calls", "--json", folder=elsewhere)
        self.assertEqual(replayed.returncode, 0, replayed.stdout + replayed.stderr)
        self.assertEqual(len(provider.requests), asked)
        results = json.loads(replayed.stdout)
        self.assertEqual((results["model"], results["passed"], results["failed"]),
                         ("openai:m", 2, 0))
        shaped, friendly = results["questions"]
        self.assertEqual(shaped["tools"], ["search_documents"])
        self.assertIn('{"hour": "02:30"}', shaped["answer"])
        self.assertEqual(friendly["expectations"][0]["why"], "It says so.")

    def test_what_was_not_recorded_fails_and_names_its_file(self):
        self.record()
        changed = QUESTIONS.replace("Thank you", "Thanks a lot")
        (self.folder / "e.yaml").write_text(changed)
        replayed = self.eval("--replay", "calls")
        self.assertEqual(replayed.returncode, 1)
        self.assertRegex(replayed.stdout, r"no recording of this model call \(calls/[0-9a-f]+\.json\)")
        self.assertIn("1 of 2 passed", replayed.stdout)
        self.assertIn("newly failing   friendly", replayed.stdout)

    def test_the_last_run_is_compared_with(self):
        self.record(judge_passes=False)
        results = json.loads((self.folder / "data/evals/e.json").read_text())
        self.assertEqual((results["passed"], results["failed"]), (1, 1))
        again, _ = self.record(judge_passes=True)
        self.assertEqual(again.returncode, 0, again.stdout)
        self.assertIn("newly passing   friendly", again.stdout)

    def test_an_agent_that_is_not_there_is_told_once_and_keeps_the_last_results(self):
        self.record(judge_passes=True)
        kept = (self.folder / "data/evals/e.json").read_text()
        result = self.eval("--agent", "nobody")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout, "")
        self.assertIn("error: no agent 'nobody' in ", result.stderr)
        self.assertEqual((self.folder / "data/evals/e.json").read_text(), kept)

    def test_without_a_recording_it_says_so(self):
        result = self.eval("--replay", "nowhere")
        self.assertEqual(result.returncode, 1)
        self.assertIn("nowhere/recording.json: no such recording", result.stderr)

    def test_mistakes_of_the_file_have_their_place(self):
        (self.folder / "e.yaml").write_text("questions:\n  - ask: When?\n    expekt: {}\n")
        result = self.eval()
        self.assertEqual(result.returncode, 1)
        self.assertIn("e.yaml:3:5: unknown key 'expekt': did you mean 'expect'?", result.stderr)

    def test_the_example_passes_offline_and_as_it_was_recorded(self):
        for how in ((), ("--replay", EXAMPLE / "recordings")):
            with self.subTest(how):
                result = self.eval(*how, file=EXAMPLE / "notes.yaml")
                self.assertEqual(result.returncode, 0, result.stdout + result.stderr + RECORD_AGAIN)
                self.assertIn("5 of 5 passed", result.stdout)


if __name__ == "__main__":
    unittest.main()
