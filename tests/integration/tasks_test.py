"""Background tasks of the real binary: over gRPC, across kill -9, and by two processes at once."""
import base64
import hmac
import http.server
import json
import queue
import threading
import time
import unittest

import grpc

import harness
from harness import pb, wait_until
from mock_provider import MockProvider

ENDED = ("completed", "failed", "cancelled")


def start(stub, query="hello", user="ann", conversation="", priority="", **context):
    context.setdefault("agent_type", "chat")
    return stub.StartTask(pb.TaskRequest(user_id=user, conversation_id=conversation, query=query,
                                         priority=priority, context=context))


def status(stub, task_id, user="ann"):
    return stub.GetTaskStatus(pb.TaskStatusRequest(task_id=task_id, user_id=user))


def finish(stub, task_id, user="ann", seconds=60):
    wait_until(lambda: status(stub, task_id, user).status in ENDED, seconds, task_id)
    return status(stub, task_id, user)


def provider_environment(provider):
    return {"OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": "k", "BATON_MODEL": "m"}


class Tasks(unittest.TestCase):
    def test_a_task_from_start_to_result(self):
        with harness.Server() as server:
            stub = server.stub()
            started = start(stub, "What is 2 + 2?", priority="high")
            self.assertIn(started.status, ("queued", "running"))
            events = list(stub.WatchTask(
                pb.WatchTaskRequest(task_id=started.task_id, user_id="ann"), timeout=60))
            self.assertEqual(events[-1].task.status, "completed")
            chunks = [e.chunk for e in events if e.HasField("chunk")]
            self.assertEqual([int(c.metadata["seq"]) for c in chunks],
                             list(range(1, len(chunks) + 1)))
            task = status(stub, started.task_id)
            self.assertEqual(task.status, "completed")
            self.assertEqual(task.result, harness.apply_chunks(chunks))
            self.assertEqual(task.metadata["priority"], "high")
            self.assertEqual(task.metadata["query"], "What is 2 + 2?")
            listed = stub.ListTasks(pb.ListTasksRequest(user_id="ann"))
            self.assertEqual([t.task_id for t in listed.tasks], [started.task_id])

    def test_another_users_task_is_not_found_on_every_rpc(self):
        with harness.Server() as server:
            stub = server.stub()
            task_id = start(stub).task_id
            for name, user in ((task_id, "eve"), ("task_none", "ann"), ("", "ann")):
                for call in (
                        lambda: status(stub, name, user),
                        lambda: stub.CancelTask(pb.CancelTaskRequest(task_id=name, user_id=user)),
                        lambda: list(stub.WatchTask(
                            pb.WatchTaskRequest(task_id=name, user_id=user)))):
                    with self.assertRaises(grpc.RpcError) as caught:
                        call()
                    self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
            self.assertEqual(len(stub.ListTasks(pb.ListTasksRequest(user_id="eve")).tasks), 0)
            self.assertEqual(finish(stub, task_id).status, "completed")

    def test_limits_are_named(self):
        with harness.Server(env={"BATON_TASKS_WORKERS": "0",
                                 "BATON_TASKS_QUEUE_PER_USER": "2"}) as server:
            stub = server.stub()
            first = start(stub).task_id
            start(stub)
            with self.assertRaises(grpc.RpcError) as caught:
                start(stub)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
            self.assertIn("tasks.queue_per_user", caught.exception.details())
            cancelled = stub.CancelTask(pb.CancelTaskRequest(task_id=first, user_id="ann"))
            self.assertEqual(cancelled.status, "cancelled")
            start(stub)
            start(stub, user="bob")

    def test_cancel_reaches_the_provider(self):
        provider = MockProvider(before=30)
        with harness.Server(env=provider_environment(provider)) as server:
            stub = server.stub()
            task_id = start(stub).task_id
            wait_until(lambda: provider.requests, 10, "request at the provider")
            answer = stub.CancelTask(pb.CancelTaskRequest(task_id=task_id, user_id="ann"))
            self.assertEqual(answer.status, "cancelled")
            wait_until(lambda: provider.closed_at, 5, "provider sees the close")


class CommandLine(unittest.TestCase):
    def test_a_person_starts_lists_shows_watches_and_cancels(self):
        with harness.Server() as server:
            def tasks(*args, code=0):
                done = server.baton("tasks", *args)
                self.assertEqual(done.returncode, code, done.stderr)
                return done.stdout

            started = json.loads(tasks("start", "hello", "--agent", "chat", "--key", "k1",
                                       "--json"))
            task_id = started["task_id"]
            again = json.loads(tasks("start", "hello", "--agent", "chat", "--key", "k1", "--json"))
            self.assertEqual(again["task_id"], task_id)
            answer = tasks("watch", task_id).strip()
            self.assertTrue(answer)
            shown = json.loads(tasks("show", task_id, "--json"))
            self.assertEqual((shown["status"], shown["result"].strip()), ("completed", answer))
            self.assertIn(answer, tasks("start", "hello", "--agent", "chat", "--watch"))

            daily = json.loads(tasks("start", "the news", "--cron", "30 8 * * 1-5", "--timezone",
                                     "Europe/Zurich", "--json"))
            self.assertEqual(daily["status"], "scheduled")
            self.assertEqual(daily["repeat"], "cron 30 8 * * 1-5 Europe/Zurich")
            self.assertIn(daily["task_id"], tasks("list", "--status", "scheduled"))
            self.assertNotIn(task_id, tasks("list", "--status", "scheduled"))
            self.assertEqual(len(tasks("list").splitlines()), 3)
            self.assertEqual(tasks("list", "--user", "eve"), "")
            self.assertIn("cancelled", tasks("cancel", daily["task_id"]))
            tasks("show", daily["task_id"], "--user", "eve", code=1)
            tasks("start", "x", "--cron", "99 * * * *", code=1)


class Webhooks(unittest.TestCase):
    SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    def test_the_end_is_told_and_signed(self):
        received = queue.Queue()

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.put((dict(self.headers), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
            threading.Thread(target=receiver.serve_forever, daemon=True).start()
            address = f"127.0.0.1:{receiver.server_port}"
            env = {"BATON_TASKS_WEBHOOK_SECRET": self.SECRET,
                   "BATON_TASKS_WEBHOOK_ADDRESSES": address}
            with harness.Server(env=env) as server:
                stub = server.stub()
                task_id = start(stub, webhook_url=f"http://{address}/hook").task_id
                headers, body = received.get(timeout=60)
                self.assertEqual(json.loads(body)["data"]["task_id"], task_id)
                signed = b".".join([headers["webhook-id"].encode(),
                                    headers["webhook-timestamp"].encode(), body])
                key = base64.b64decode(self.SECRET.removeprefix("whsec_"))
                digest = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
                self.assertEqual(headers["webhook-signature"], "v1," + digest)
                wait_until(lambda: status(stub, task_id).metadata["webhook"] == "delivered")
            receiver.shutdown()

    def test_without_a_secret_there_are_none(self):
        with harness.Server() as server:
            with self.assertRaises(grpc.RpcError) as caught:
                start(server.stub(), webhook_url="https://example.org/")
            self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
            self.assertIn("tasks.webhook_secret", caught.exception.details())


class Crash(unittest.TestCase):
    def test_killed_at_any_moment_every_task_is_done_once(self):
        with harness.Server(env={"BATON_OFFLINE_TOKEN_DELAY_MS": "2"}) as server:
            started = {}
            for round_number in range(6):
                stub = server.stub()
                for i in range(5):
                    key = f"r{round_number}-{i}"
                    started[key] = start(stub, f"hello {key}", idempotency_key=key).task_id
                time.sleep(0.01 * 3 ** round_number % 0.4)  # dies at another moment each time
                server.kill()
                server.start()
            stub = server.stub()
            for key, task_id in started.items():
                self.assertEqual(start(stub, f"hello {key}", idempotency_key=key).task_id, task_id)
                task = finish(stub, task_id)
                self.assertEqual(task.status, "completed", task.error_message)
                self.assertTrue(task.result)
                chunks = list(stub.StreamChat(pb.ChatRequest(
                    user_id="ann", conversation_id=task_id, metadata={"resume": "true"})))
                self.assertEqual(chunks[0].metadata["run_id"], task.metadata["run_id"])
                self.assertEqual(harness.apply_chunks(chunks), task.result)
            self.assertEqual(len(stub.ListTasks(pb.ListTasksRequest(user_id="ann")).tasks),
                             len(started))


class TwoProcesses(unittest.TestCase):
    """On one PostgreSQL database; see load_tests."""

    def test_a_process_that_dies_has_its_tasks_taken_over(self):
        env = {"BATON_DATABASE": DATABASE, "BATON_OFFLINE_TOKEN_DELAY_MS": "20"}
        with harness.Server(env=env) as survivor, harness.Server(env=env) as victim:
            doomed, stub = victim.stub(), survivor.stub()
            started = [start(doomed if i % 2 else stub, f"hello {i}", user=f"u{i % 5}").task_id
                       for i in range(20)]
            users = [f"u{i % 5}" for i in range(20)]
            victim.kill()
            answers = set()
            for task_id, user in zip(started, users):
                task = finish(stub, task_id, user, seconds=120)
                self.assertEqual(task.status, "completed", task.error_message)
                answers.add(task.metadata["run_id"])
            self.assertEqual(len(answers), len(started))

    def test_a_task_is_cancelled_and_watched_from_the_other_process(self):
        provider = MockProvider(before=30)
        env = {"BATON_DATABASE": DATABASE, **provider_environment(provider)}
        with harness.Server(env=env) as one:
            task_id = start(one.stub(), user="cancel").task_id
            wait_until(lambda: provider.requests, 10, "request at the provider")
            with harness.Server(env=env) as other:
                stub = other.stub()
                watch = stub.WatchTask(pb.WatchTaskRequest(task_id=task_id, user_id="cancel"))
                self.assertTrue(next(watch).HasField("task"))
                stub.CancelTask(pb.CancelTaskRequest(task_id=task_id, user_id="cancel"))
                self.assertEqual(list(watch)[-1].task.status, "cancelled")
                wait_until(lambda: provider.closed_at, 20, "provider sees the close")


# with_postgres (tests/graph/with_postgres.cc) names the server.
DATABASE = harness.os.environ.get("PROBE_CHECKPOINTER", "").removeprefix("postgres:")


def load_tests(loader, _tests, _pattern):
    """With a PostgreSQL server what needs two processes on it, without one the rest."""
    cases = [TwoProcesses] if DATABASE else [Tasks, CommandLine, Webhooks, Crash]
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)


if __name__ == "__main__":
    unittest.main(verbosity=2)
