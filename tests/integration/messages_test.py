"""The messages agent reaches people: by mail at a third party's SMTP server, by webhook, and only
after the user has said yes.
"""
import email
import email.policy
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import aiosmtpd.controller

import harness
from harness import apply_chunks, chat, pb

MAIL_TEXT = "Grüße! I'm running late.\n.\nUntil three."


class Mailbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.mail_from, envelope.rcpt_tos,
                           email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"


class Hook(http.server.BaseHTTPRequestHandler):
    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.headers["Idempotency-Key"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


class Provider(http.server.BaseHTTPRequestHandler):
    """A model that sends what the user's message, a JSON object, says, and repeats the outcome."""

    def do_POST(self):
        messages = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"]
        last = messages[-1]
        if last["role"] == "tool":
            delta = {"content": "Outcome: " + last["content"]}
        else:
            delta = {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {
                "name": "send_message", "arguments": last["content"]}}]}
        finish = "stop" if "content" in delta else "tool_calls"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for choice in ({"index": 0, "delta": {"role": "assistant", **delta}},
                       {"index": 0, "delta": {}, "finish_reason": finish}):
            self.wfile.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *args):
        pass


def serve(test, handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test.addClassCleanup(server.server_close)
    test.addClassCleanup(server.shutdown)
    return f"http://127.0.0.1:{server.server_port}"


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mailbox = Mailbox()
        with socket.create_server(("127.0.0.1", 0)) as free:
            smtp_port = free.getsockname()[1]
        smtp = aiosmtpd.controller.Controller(cls.mailbox, hostname="127.0.0.1", port=smtp_port)
        smtp.start()
        cls.addClassCleanup(smtp.stop)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-messages-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        (folder / "messages.yaml").write_text(json.dumps({  # which is YAML as well
            "mail": {"server": f"smtp://127.0.0.1:{smtp_port}", "from": "baton@example.org",
                     "tls": "none"},
            "receivers": [
                {"name": "Bob", "mail": "bob@example.org", "users": ["ann"]},
                {"name": "Garden", "webhook": serve(cls, Hook) + "/hooks/1", "users": ["*"]}]}))
        cls.server = harness.Server(env={"BATON_MESSAGES_FILE": str(folder / "messages.yaml"),
                                         "OPENAI_BASE_URL": serve(cls, Provider) + "/v1",
                                         "OPENAI_API_KEY": "k", "BATON_MODEL": "m"})
        cls.addClassCleanup(cls.server.__exit__)

    def send(self, decision, conversation, user="ann", **call):
        """The answer's text after the user's decision about the call."""
        stub = self.server.stub()
        chunks = chat(stub, json.dumps(call), conversation=conversation, user=user,
                      agent_type="messaging")
        self.assertEqual(chunks[-1].metadata["state"], "waiting", chunks[-1])
        question, = json.loads(chunks[-1].metadata["questions"])
        self.assertEqual(question["payload"]["arguments"], call, "what will be sent is shown")
        turn = pb.ChatRequest(user_id=user, conversation_id=conversation)
        turn.metadata.update({"resume": "true",
                              f"answer.{question['id']}": json.dumps({"approved": decision})})
        return apply_chunks(list(stub.StreamChat(turn, timeout=60)))

    def test_a_mail_arrives_once_it_is_allowed(self):
        told = self.send(True, "mail", receiver="Bob", subject="Später", text=MAIL_TEXT)
        self.assertIn("Sent to Bob", told)
        (mail_from, receivers, mail), = self.mailbox.mails
        self.assertEqual((mail_from, receivers), ("baton@example.org", ["bob@example.org"]))
        self.assertEqual(mail["Subject"], "Später")
        self.assertEqual(mail.get_body().get_content().replace("\r\n", "\n").strip(), MAIL_TEXT)
        self.assertTrue(mail["Message-ID"].endswith("@example.org>"))

    def test_a_room_gets_what_is_allowed_and_nothing_else(self):
        self.send(False, "no", receiver="Garden", text="No.")
        told = self.send(True, "yes", receiver="Garden", text="The seeds are here.")
        self.assertIn("Sent to Garden", told)
        (key, body), = Hook.got
        self.assertEqual(body, {"text": "The seeds are here."})
        self.assertTrue(key)

    def test_nobody_writes_to_somebody_elses_receivers(self):
        before = len(self.mailbox.mails)
        told = self.send(True, "foreign", user="eve", receiver="Bob", text="Hello.")
        self.assertIn("no receiver 'Bob': the receivers are Garden", told)
        self.assertEqual(len(self.mailbox.mails), before)

    def test_a_mistake_in_the_file_is_told_at_the_start(self):
        with tempfile.TemporaryDirectory(prefix="baton-messages-") as folder:
            file = pathlib.Path(folder, "messages.yaml")
            file.write_text("receivers:\n  - {name: Bob, mail: bob, users: [ann]}\n")
            ended = subprocess.run(
                [harness.BATON, "serve", "--grpc", "0", "--http", "0", "--tools", "0", "--data",
                 folder], cwd=harness.ROOT, text=True, capture_output=True, timeout=60,
                env={**harness.clean_environment(), "BATON_MESSAGES_FILE": str(file)})
        self.assertEqual(ended.returncode, 1)
        self.assertIn(f"{file}:2: 'bob' is no mail address", ended.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
