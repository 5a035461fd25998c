"""What is one user's is not there for another, on every RPC of OrchestratorService.

Each RPC is called by `eve` with names that are `ann`'s: those that name one thing answer
NOT_FOUND, those that list yield nothing of hers, and all of it is as it was afterwards. An RPC
that is not in the table fails the test.
"""
import shutil
import unittest

import grpc

import harness
from harness import pb, request
from permissions_test import QUESTION, folder_with_agent

# Those that know no user, or begin something new of the caller's own.
NAMES_NOTHING = {"HealthCheck", "SaveMemory", "StartTask", "StreamChat"}


def named_calls(of):
    """RPC → calls that name something of ann's."""
    conversation = {"user_id": "eve", "conversation_id": of.conversation}
    task = {"user_id": "eve", "task_id": of.task}
    memory = {"user_id": "eve", "memory_id": of.memory}
    resume = {"resume": "true", "run_id": of.run}
    return {
        "StreamChat": [
            request("", "eve", of.conversation, metadata=resume),
            request("", "eve", of.conversation, metadata={"resume": "true"}),
            request("", "eve", of.conversation, metadata={**resume, "cancel": "true"}),
            request("", "eve", of.conversation,
                    metadata={**resume, f"answer.{of.question}": '{"approved": true}'}),
            request("x", "eve", of.conversation, metadata={"edit_message_id": of.message}),
            request("x", "eve", of.conversation, base_checkpoint_id=of.message),
            request("", "eve", of.conversation, metadata={"regenerate": "true"})],
        "ResumeStream": [pb.ResumeStreamRequest(user_id="eve", run_id=of.run)],
        "GetConversation": [pb.GetConversationRequest(**conversation)],
        "UpdateConversation": [pb.UpdateConversationRequest(**conversation, title="mine")],
        "DeleteConversation": [pb.DeleteConversationRequest(**conversation)],
        "ExportConversation": [pb.ExportConversationRequest(**conversation),
                               pb.ExportConversationRequest(**conversation, format="json")],
        "BranchConversation": [
            pb.BranchConversationRequest(**conversation),
            pb.BranchConversationRequest(**conversation, message_id=of.message)],
        "GetTaskStatus": [pb.TaskStatusRequest(**task)],
        "CancelTask": [pb.CancelTaskRequest(**task)],
        "WatchTask": [pb.WatchTaskRequest(**task)],
        "ApprovePermission": [
            pb.PermissionApproval(user_id="eve", approval_decision=decision, **names)
            for decision in ("approved", "denied")
            for names in ({"question_id": of.question},
                          {"conversation_id": of.waiting, "operation_type": "read"})],
        "RevokePermissionGrant": [
            pb.RevokePermissionGrantRequest(user_id="eve", grant_id=of.grant)],
        "DecideMemory": [pb.DecideMemoryRequest(**memory, accepted=True),
                         pb.DecideMemoryRequest(**memory)],
        "DeleteMemory": [pb.DeleteMemoryRequest(**memory)],
    }


def lists(of, user):
    """RPC → the call of `user` that lists, and what of its answer is the list."""
    return {
        "ListConversations": (pb.ListConversationsRequest(user_id=user), "conversations"),
        "SearchConversations": (
            pb.SearchConversationsRequest(user_id=user, query="harbour"), "hits"),
        "ListTasks": (pb.ListTasksRequest(user_id=user), "tasks"),
        "GetPendingPermissions": (
            pb.PermissionRequest(user_id=user, conversation_id=of.waiting), "permissions"),
        "ListPermissionGrants": (pb.PermissionGrantsRequest(user_id=user), "grants"),
        "ListPermissionEvents": (pb.PermissionEventsRequest(user_id=user), "events"),
        "ListMemories": (pb.ListMemoriesRequest(user_id=user), "memories"),
        "SearchMemories": (
            pb.SearchMemoriesRequest(user_id=user, query="harbour"), "memories"),
    }


class OfAnn:
    """One of each thing that a user can have."""

    def __init__(self, stub):
        self.conversation, self.waiting = "harbour", "asks"
        chunks = harness.chat(stub, "the harbour at dawn", agent_type="chat",
                              conversation=self.conversation)
        self.run = chunks[-1].metadata["run_id"]
        self.message = stub.GetConversation(pb.GetConversationRequest(
            user_id="ann", conversation_id=self.conversation)).messages[0].message_id
        self.task = stub.StartTask(pb.TaskRequest(
            user_id="ann", query="the harbour", context={
                "agent_type": "chat", "run_at": "2999-01-01T00:00:00Z"})).task_id
        harness.chat(stub, QUESTION, agent_type="careful", conversation="granted")
        self.approve(stub, self.pending(stub, "granted"), "always")
        self.grant = stub.ListPermissionGrants(
            pb.PermissionGrantsRequest(user_id="ann")).grants[0].grant_id
        stub.RevokePermissionGrant(
            pb.RevokePermissionGrantRequest(user_id="ann", grant_id=self.grant))
        harness.chat(stub, QUESTION, agent_type="careful", conversation="again")
        self.approve(stub, self.pending(stub, "again"), "conversation")
        self.grant = stub.ListPermissionGrants(
            pb.PermissionGrantsRequest(user_id="ann")).grants[0].grant_id
        harness.chat(stub, QUESTION, agent_type="careful", conversation=self.waiting)
        self.question = self.pending(stub, self.waiting)
        self.memory = stub.SaveMemory(
            pb.SaveMemoryRequest(user_id="ann", text="Lives at the harbour.")).memory_id

    @staticmethod
    def pending(stub, conversation):
        return stub.GetPendingPermissions(pb.PermissionRequest(
            user_id="ann", conversation_id=conversation)).permissions[0].question_id

    @staticmethod
    def approve(stub, question, scope):
        answer = stub.ApprovePermission(pb.PermissionApproval(
            user_id="ann", question_id=question, approval_decision="approved", scope=scope))
        assert answer.success, answer.message
        list(stub.ResumeStream(pb.ResumeStreamRequest(user_id="ann", run_id=answer.run_id)))


class ForeignUser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder_with_agent(cls)
        for name in ("chat.md", "weather.md", "fact_checking.md"):  # chat and whom it asks
            shutil.copy(harness.ROOT / "agents" / name, cls.folder / "agents")
        shutil.copytree(harness.ROOT / "agents" / "schemas", cls.folder / "agents" / "schemas")
        cls.server = harness.Server(args=["--agents", cls.folder / "agents"])
        cls.addClassCleanup(cls.server.__exit__)
        cls.stub = cls.server.stub()
        cls.of = OfAnn(cls.stub)

    def listed(self, user):
        return {name: [each.SerializeToString(deterministic=True)
                       for each in getattr(getattr(self.stub, name)(call), field)]
                for name, (call, field) in lists(self.of, user).items()}

    def test_every_rpc_is_in_the_table(self):
        methods = {m.name for m in pb.DESCRIPTOR.services_by_name["OrchestratorService"].methods}
        covered = {*named_calls(self.of), *lists(self.of, "eve"), *NAMES_NOTHING}
        self.assertEqual(methods, covered)

    def test_nothing_of_anothers_is_there(self):
        before = self.listed("ann")
        for name, calls in before.items():
            self.assertTrue(calls, f"{name} has nothing of ann's to hide")
        methods = pb.DESCRIPTOR.services_by_name["OrchestratorService"].methods_by_name
        for name, calls in named_calls(self.of).items():
            for i, call in enumerate(calls):
                with self.subTest(rpc=name, call=i):
                    with self.assertRaises(grpc.RpcError) as caught:
                        answer = getattr(self.stub, name)(call, timeout=20)
                        if methods[name].server_streaming:
                            list(answer)
                    self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND,
                                     caught.exception.details())
        self.assertEqual(self.listed("ann"), before)

    def test_lists_have_nothing_of_anothers(self):
        for name, found in self.listed("nobody").items():
            self.assertEqual(found, [], name)

    def test_what_is_new_takes_no_name_of_anothers(self):
        harness.chat(self.stub, "hello", user="mallory", conversation=self.of.conversation,
                     agent_type="chat")
        shown = self.stub.GetConversation(pb.GetConversationRequest(
            user_id="ann", conversation_id=self.of.conversation))
        self.assertEqual(len(shown.messages), 2)
        mine = self.stub.GetConversation(pb.GetConversationRequest(
            user_id="mallory", conversation_id=self.of.conversation))
        self.assertEqual(mine.messages[0].content, "hello")


if __name__ == "__main__":
    unittest.main()
