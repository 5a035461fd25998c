"""Conversations of the real binary: at the terminal, and with messages in line across kill -9."""
import json
import time
import unittest

import grpc

import harness
from harness import pb, wait_until
from mock_provider import MockProvider

# with_postgres (tests/graph/with_postgres.cc) names the server.
DATABASE = harness.os.environ.get("PROBE_CHECKPOINTER", "").removeprefix("postgres:")
USAGE = 2  # a command line that says two things
STORE = {"BATON_DATABASE": DATABASE} if DATABASE else {}


def history(stub, conversation, user="ann"):
    shown = stub.GetConversation(
        pb.GetConversationRequest(user_id=user, conversation_id=conversation))
    return shown.messages


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.server = harness.Server()
        self.addCleanup(self.server.__exit__)

    def run_baton(self, *args, code=0):
        done = self.server.baton(*args)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def conversations(self, *args, code=0):
        return self.run_baton("conversations", *args, code=code)

    def chat(self, *args, code=0):
        return self.run_baton("chat", "--agent", "chat", *args, code=code)

    def questions(self, name="c"):
        shown = [json.loads(line) for line in self.conversations("show", name, "--json").splitlines()]
        messages = [m for part in shown for m in part.get("messages", [part])]
        return [(m["message_id"], m["content"]) for m in messages if m.get("role") == "user"]

    def listed(self, *args):
        return [json.loads(line)["conversation_id"]
                for line in self.conversations("list", "--json", *args).splitlines()]

    def test_a_question_is_edited_asked_again_and_asked_elsewhere(self):
        self.chat("-c", "c", "the harbour at dawn")
        self.chat("-c", "c", "the harbour at noon")
        first, second = self.questions()
        self.chat("-c", "c", "--edit", second[0], "the harbour at dusk")
        self.assertEqual([text for _, text in self.questions()],
                         ["the harbour at dawn", "the harbour at dusk"])
        kept = [c for c in self.listed("--archived") if c != "c"]
        self.assertEqual(len(kept), 1)
        self.assertEqual([text for _, text in self.questions(kept[0])], [first[1], second[1]])

        self.chat("-c", "c", "--regenerate")
        self.assertEqual([text for _, text in self.questions()][-1], "the harbour at dusk")
        self.assertEqual(len([c for c in self.listed("--archived") if c != "c"]), 2)
        self.chat("-c", "c", "--edit", first[0], "the river")
        self.assertEqual([text for _, text in self.questions()], ["the river"])

        self.assertIn("no message 'msg_none'",
                      self.chat("-c", "c", "--edit", "msg_none", "x", code=1))
        self.assertIn("takes no question", self.chat("-c", "c", "--regenerate", "x", code=USAGE))
        self.assertIn("needs a question", self.chat("-c", "c", "--edit", first[0], code=USAGE))
        self.assertIn("--conversation", self.chat("--regenerate", code=USAGE))
        self.assertIn("has no question to answer again",
                      self.chat("-c", "nowhere", "--regenerate", code=1))

    def test_the_life_of_a_conversation(self):
        self.chat("-c", "c", "the lighthouse keeper")
        self.chat("-c", "d", "the baker")
        self.assertEqual(self.listed(), ["d", "c"])
        self.conversations("pin", "c")
        self.assertEqual(self.listed(), ["c", "d"])
        self.conversations("rename", "c", "Lights")
        self.assertIn("Lights", self.conversations("list"))
        self.assertIn("lighthouse", self.conversations("search", "lighthouse"))
        self.assertEqual(self.conversations("search", "lighthouse", "--user", "eve"), "")
        self.assertIn("the lighthouse keeper", self.conversations("export", "c"))
        self.assertEqual(json.loads(self.conversations("export", "c", "--json"))["title"], "Lights")
        self.conversations("archive", "d")
        self.assertEqual(self.listed(), ["c"])
        self.conversations("delete", "c", "--user", "eve", code=1)
        self.conversations("delete", "c")
        self.assertEqual(self.listed(), [])
        self.conversations("show", "c", code=1)


class MessagesInLine(unittest.TestCase):
    """A process dies while messages wait for the answer before them."""

    CONVERSATIONS = 4
    MESSAGES = 4

    def test_each_is_answered_once_and_in_order(self):
        provider = MockProvider(tokens=6, pace=0.02)
        env = {**STORE, "OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": "k",
               "BATON_MODEL": "m"}
        # Another process's runs on a shared database are left alone for half a minute.
        rounds = 1 if DATABASE else 4
        with harness.Server(env=env) as server:
            for round_number in range(rounds):
                texts = {f"line-{round_number}-{c}":
                         [f"question {i} of {c}" for i in range(self.MESSAGES)]
                         for c in range(self.CONVERSATIONS)}
                stub, streams = server.stub(), []
                for conversation, questions in texts.items():
                    for i, text in enumerate(questions):
                        # Each is accepted before the next is sent.
                        streams.append(self.send(stub, conversation, i, text))
                        next(streams[-1])
                time.sleep(0.06 * round_number)
                server.kill()
                server.start()
                for conversation, questions in texts.items():
                    self.check(server.stub(), conversation, questions)

    @staticmethod
    def send(stub, conversation, i, text):
        return stub.StreamChat(harness.request(text, conversation=conversation, agent_type="chat",
                                               metadata={"idempotency_key": str(i)}), timeout=60)

    def check(self, stub, conversation, texts):
        wait_until(lambda: self.is_answered(stub, conversation, texts), 90,
                   f"answers in {conversation}")
        messages = history(stub, conversation)
        self.assertEqual([m.role for m in messages], ["user", "assistant"] * len(texts))
        self.assertEqual([m.content for m in messages if m.role == "user"], texts)
        for i, text in enumerate(texts):
            again = harness.apply_chunks(list(self.send(stub, conversation, i, text)))
            self.assertEqual(again.strip(), messages[2 * i + 1].content.strip())
        self.assertEqual(len(history(stub, conversation)), len(messages))

    @staticmethod
    def is_answered(stub, conversation, texts):
        try:
            messages = history(stub, conversation)
        except grpc.RpcError:
            return False
        return sum(m.role == "assistant" for m in messages) == len(texts)


def load_tests(loader, _tests, _pattern):
    """With a PostgreSQL server what depends on the store, without one all."""
    cases = [MessagesInLine] if DATABASE else [CommandLine, MessagesInLine]
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)


if __name__ == "__main__":
    unittest.main(verbosity=2)
