"""kill -9 in mid-stream: the run goes on, nothing is lost, nothing comes twice.

BATON_CRASHES (50) rounds; the seed is printed and can be given as BATON_SEED.
"""
import os
import pathlib
import random
import tempfile
import unittest

import grpc

import harness
from harness import apply_chunks, pb, request

ROUNDS = int(os.environ.get("BATON_CRASHES", "50"))
SEED = int(os.environ.get("BATON_SEED", random.randrange(1 << 32)))
NOTES = "".join(f"# Part {i}\n\nBackup number {i} runs at {i:02}:30 and keeps {i + 3} copies.\n\n"
                for i in range(20))


def read_until_cut(stub, turn):
    """Chunks until the connection breaks or the stream ends."""
    chunks = []
    try:
        for chunk in stub.StreamChat(turn, timeout=60):
            chunks.append(chunk)
    except grpc.RpcError:
        pass
    return chunks


def resume(stub, conversation, after):
    turn = pb.ChatRequest(user_id="ann", conversation_id=conversation)
    turn.metadata["resume"] = "true"
    turn.metadata["from_seq"] = str(after)
    return list(stub.StreamChat(turn, timeout=60))


class Crash(unittest.TestCase):
    def test_an_answer_survives_kill_9_at_random_points(self):
        print(f"seed {SEED}, {ROUNDS} rounds")
        rng = random.Random(SEED)
        env = {"BATON_OFFLINE_TOKEN_DELAY_MS": "4"}
        cut_in_content = superseded = 0
        with harness.Server(env=env) as server:
            notes = pathlib.Path(tempfile.mkdtemp()) / "backup.md"
            notes.write_text(NOTES)
            self.assertEqual(server.baton("import", notes, "--user", "ann").returncode, 0)
            for i in range(ROUNDS):
                conversation = f"crash-{i}"
                got = self._cut(server, conversation, rng)
                server.start()
                stub = server.stub()
                seqs = [int(c.metadata["seq"]) for c in got]
                rest = resume(stub, conversation, max(seqs, default=0))
                with self.subTest(round=i, seed=SEED, received=len(got)):
                    self._check(server, stub, conversation, got + rest)
                cut_in_content += bool(got) and got[-1].type == "content"
                superseded += any(c.metadata.get("supersedes_seq") for c in rest)
        print(f"cut within the answer: {cut_in_content}, attempts superseded: {superseded}")
        if ROUNDS >= 20:
            self.assertGreater(cut_in_content, 0, "no kill hit the answer: widen the window")

    def _cut(self, server, conversation, rng):
        """Kills the server after a random number of chunks, from another thread's view."""
        stub = server.stub()
        kill_after = rng.randrange(1, 40)
        got = []
        turn = request("When do the backups run and how many copies are kept?",
                       conversation=conversation, agent_type="research")
        try:
            for chunk in stub.StreamChat(turn, timeout=60):
                got.append(chunk)
                if len(got) == kill_after:
                    server.process.kill()
        except grpc.RpcError:
            pass
        server.kill()
        return got

    def _check(self, server, stub, conversation, chunks):
        self.assertEqual(chunks[-1].type, "complete", chunks[-1])
        seqs = [int(c.metadata["seq"]) for c in chunks]
        self.assertEqual(seqs, list(range(1, len(seqs) + 1)), "a gap or a double")
        self.assertEqual(len({c.metadata["run_id"] for c in chunks}), 1)
        held = apply_chunks(chunks)
        self.assertTrue(held)
        # What a client holds that applied the stream is what one holds that reads it anew, and
        # what the conversation remembers.
        again = resume(stub, conversation, 0)
        self.assertEqual(apply_chunks(again), held)
        stored = server.baton("chat", "--json", "--user", "ann", "--conversation", conversation,
                              "--resume")
        self.assertEqual(stored.returncode, 0, stored.stderr)
        import sqlite3
        with sqlite3.connect(server.data / "baton.db") as db:
            rows = db.execute("SELECT role, content FROM messages WHERE thread_id = ? "
                              "ORDER BY position", (f"ann:{conversation}",)).fetchall()
        self.assertEqual([role for role, _ in rows], ["user", "assistant"])
        self.assertEqual(rows[1][1], held)


if __name__ == "__main__":
    unittest.main(verbosity=2)
