"""What a user has had remembered, with the real binary: over gRPC, in the terminal, in a turn."""
import json
import unittest

import grpc

import harness
from harness import pb
from mock_provider import MockProvider


def save(stub, text, user="ann", **fields):
    return stub.SaveMemory(pb.SaveMemoryRequest(user_id=user, text=text, **fields))


def texts(stub, user="ann", **fields):
    return [m.text for m in
            stub.ListMemories(pb.ListMemoriesRequest(user_id=user, **fields)).memories]


def search(stub, query, user="ann"):
    return [m.text for m in stub.SearchMemories(
        pb.SearchMemoriesRequest(user_id=user, query=query)).memories]


class Memory(unittest.TestCase):
    def assert_fails(self, code, call):
        with self.assertRaises(grpc.RpcError) as caught:
            call()
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception.details()

    def test_what_is_saved_survives_kill_9_and_is_its_owners_alone(self):
        with harness.Server() as server:
            stub = server.stub()
            dog = save(stub, "The dog is called Rex.", idempotency_key="k")
            self.assertEqual(save(stub, "The dog is called Rex.").memory_id, dog.memory_id)
            self.assertEqual((dog.kind, dog.state), ("fact", "saved"))
            save(stub, "Answers in two sentences.", kind="preference")
            server.kill()
            server.start()
            stub = server.stub()
            self.assertEqual(texts(stub), ["Answers in two sentences.", "The dog is called Rex."])
            self.assertEqual(texts(stub, kind="preference"), ["Answers in two sentences."])
            self.assertEqual(search(stub, "dog"), ["The dog is called Rex."])
            self.assertEqual(texts(stub, "eve") + search(stub, "dog", "eve"), [])
            for name, user in ((dog.memory_id, "eve"), ("mem_none", "ann"), ("", "ann")):
                for call in (
                        lambda: stub.DeleteMemory(
                            pb.DeleteMemoryRequest(user_id=user, memory_id=name)),
                        lambda: stub.DecideMemory(pb.DecideMemoryRequest(
                            user_id=user, memory_id=name, accepted=True)),
                        lambda: stub.DecideMemory(
                            pb.DecideMemoryRequest(user_id=user, memory_id=name))):
                    self.assert_fails(grpc.StatusCode.NOT_FOUND, call)
            stub.DeleteMemory(pb.DeleteMemoryRequest(user_id="ann", memory_id=dog.memory_id))
            self.assertEqual(search(stub, "dog"), [])

    def test_limits_are_named(self):
        with harness.Server(env={"BATON_MEMORY_PER_USER": "2"}) as server:
            stub = server.stub()
            exhausted, invalid = (grpc.StatusCode.RESOURCE_EXHAUSTED,
                                  grpc.StatusCode.INVALID_ARGUMENT)
            self.assertIn("2000", self.assert_fails(exhausted, lambda: save(stub, "x" * 2001)))
            self.assert_fails(invalid, lambda: save(stub, ""))
            self.assert_fails(invalid, lambda: save(stub, "x", user=""))
            self.assertIn("mood", self.assert_fails(invalid, lambda: save(stub, "x", kind="mood")))
            self.assert_fails(invalid, lambda: texts(stub, page_size=-1))
            save(stub, "one")
            save(stub, "two")
            self.assertIn("memory.per_user",
                          self.assert_fails(exhausted, lambda: save(stub, "three")))
            save(stub, "one", user="bob")

    def test_a_model_is_told_what_fits_and_may_only_propose_what_nobody_asked_for(self):
        provider = MockProvider(tokens=2, pace=0)
        env = {"OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": "k", "BATON_MODEL": "m"}
        with harness.Server(env=env) as server:
            stub = server.stub()
            save(stub, "The dog is called Rex.")

            def prompt(user):
                harness.chat(stub, "What is my dog called?", user=user, agent_type="chat",
                             conversation=user)
                asked = [r for r in provider.requests
                         if r["messages"][-1]["content"] == "What is my dog called?"]
                return asked[-1]["messages"][0]["content"]

            self.assertIn('- "The dog is called Rex."', prompt("ann"))
            self.assertNotIn("Rex", prompt("eve"))
            tools = {t["function"]["name"] for r in provider.requests
                     for t in r.get("tools", [])}
            self.assertLessEqual({"remember", "recall", "forget"}, tools)

    def test_a_person_lists_adds_searches_and_deletes(self):
        with harness.Server() as server:
            def memory(*args, code=0):
                done = server.baton("memory", *args)
                self.assertEqual(done.returncode, code, done.stderr)
                return done.stdout

            self.assertIn("nothing is remembered", memory("list"))
            added = json.loads(memory("add", "The dog is called Rex.", "--json"))
            memory("add", "Short answers.", "--preference")
            self.assertEqual(len(memory("list").splitlines()), 2)
            self.assertIn("(preference) Short answers.", memory("list"))
            self.assertEqual(memory("list", "--proposed", "--json"), "")
            self.assertIn("Rex", memory("search", "dog"))
            memory("accept", added["memory_id"])
            memory("reject", added["memory_id"], code=1)
            memory("delete", added["memory_id"], "--user", "eve", code=1)
            self.assertIn("forgotten", memory("delete", added["memory_id"]))
            memory("delete", added["memory_id"], code=1)


if __name__ == "__main__":
    unittest.main()
