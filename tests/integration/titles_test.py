"""Titles that a model gives to conversations of the real binary."""
import unittest

import grpc

import harness
from harness import pb, tools_pb, wait_until
from mock_provider import MockProvider


def environment(provider):
    return {"OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": "k", "BATON_MODEL": "m"}


def conversation(stub, name):
    listed = stub.ListConversations(pb.ListConversationsRequest(user_id="ann"))
    return next(c for c in listed.conversations if c.conversation_id == name)


def turn(stub, name, query="what is my dog called?"):
    chunks = harness.chat(stub, query, conversation=name, agent_type="chat")
    assert chunks[-1].metadata["state"] == "completed", chunks[-1]


class Titles(unittest.TestCase):
    def test_the_first_answer_brings_a_title_and_a_users_own_stays(self):
        provider = MockProvider(tokens=3, pace=0, structured={"title": "The dog's name"})
        with harness.Server(env=environment(provider)) as server:
            stub = server.stub()
            turn(stub, "c1")
            wait_until(lambda: conversation(stub, "c1").titled_by == "model", 20, "title")
            self.assertEqual(conversation(stub, "c1").title, "The dog's name")
            stub.UpdateConversation(pb.UpdateConversationRequest(
                user_id="ann", conversation_id="c1", title="Rex"))
            turn(stub, "c1", "and my cat?")
            turn(stub, "c2")
            wait_until(lambda: conversation(stub, "c2").titled_by == "model", 20, "title")
            self.assertEqual(conversation(stub, "c1").title, "Rex")

    def test_a_model_that_gives_none_harms_no_turn(self):
        provider = MockProvider(tokens=3, pace=0)  # words instead of JSON
        with harness.Server(env=environment(provider)) as server:
            stub = server.stub()
            turn(stub, "c1")
            wait_until(lambda: any("keeps its first words" in line for line in server.log), 20,
                       "the attempt")
            turn(stub, "c1")
            self.assertEqual(conversation(stub, "c1").titled_by, "words")
            self.assertEqual(conversation(stub, "c1").title, "what is my dog called?")

    def test_a_backend_on_the_same_database_finds_and_names_conversations(self):
        with harness.Server(role="backend") as backend, \
                harness.Server(role="orchestrator", data=backend.data,
                               env={"BATON_TOOLS_TARGET": backend.tools_address}) as server:
            stub, tools = server.stub(), backend.tools_stub()
            turn(stub, "c1", "the lighthouse keeper's log")
            found = tools.SearchConversationCache(tools_pb.CacheSearchRequest(
                user_id="ann", query="lighthouse keeper log", conversation_id="c1"))
            self.assertTrue(found.cache_hit, found)
            with self.assertRaises(grpc.RpcError) as foreign:
                tools.SearchConversationCache(tools_pb.CacheSearchRequest(
                    user_id="bob", query="lighthouse keeper log", conversation_id="c1"))
            self.assertEqual(foreign.exception.code(), grpc.StatusCode.NOT_FOUND)
            named = tools.UpdateConversationTitle(tools_pb.UpdateConversationTitleRequest(
                user_id="ann", conversation_id="c1", title="Lighthouse"))
            self.assertTrue(named.success, named)
            self.assertEqual(conversation(stub, "c1").title, "Lighthouse")


if __name__ == "__main__":
    unittest.main()
