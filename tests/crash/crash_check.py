"""kill -9 of a process that runs graphs: nothing accepted is lost, nothing committed runs twice.

usage: crash_check.py WORKER [ADDRESS]     ADDRESS: sqlite:PATH or postgres://…; PROBE_CHECKPOINTER
                                           names the PostgreSQL of with_postgres

BATON_KILLS (50) kills; every few of them are a pause instead, during which a second process takes
over. PostgreSQL goes on with what a dead client has sent: after some of the kills it does so late,
when the next process has read already. The seed is printed and can be given as BATON_SEED.
"""
import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

KILLS = int(os.environ.get("BATON_KILLS", "50"))
SEED = int(os.environ.get("BATON_SEED", random.randrange(1 << 32)))
CONVERSATIONS = 16
MAX_DRAINS = 5
LATE_SECONDS = 0.15
EXPECTED = ["in"] + [f"{name}{i}" for i in range(3) for name in ("begin", "x", "y", "z", "join")]


class Crash:
    def __init__(self, worker, address, folder):
        self.address = address
        self.command = [worker, address, folder / "journal", str(CONVERSATIONS)]
        self.journal = open(folder / "journal", "a+b")
        self.journal.seek(0)
        self.generations = 0
        self.processes = []
        self.random = random.Random(SEED)

    def start(self):
        begun = self.begun()
        process = self.launch()
        self.await_begun(begun, process)
        return process

    def launch(self):
        self.processes = [p for p in self.processes if p.poll() is None]
        self.processes.append(subprocess.Popen(self.command))
        return self.processes[-1]

    def await_begun(self, begun, process):
        while self.begun() == begun:
            if process.poll() is not None and self.begun() == begun:
                raise SystemExit(f"the worker ended with {process.returncode}")
            time.sleep(0.002)

    def begun(self):
        """How many processes have begun, by the journal; a line that is being written counts later."""
        while (line := self.journal.readline()).endswith(b"\n"):
            self.generations += line.startswith(b"G ")
        self.journal.seek(-len(line), os.SEEK_CUR)
        return self.generations

    def end(self):
        for process in self.processes:
            self.kill(process)

    def kill(self, process, late=False):
        sessions = self.sessions() if late else []
        self.signal(sessions, signal.SIGSTOP)
        process.kill()
        process.wait()
        if sessions:
            threading.Timer(LATE_SECONDS, self.signal, [sessions, signal.SIGCONT]).start()

    @staticmethod
    def signal(sessions, number):
        for session in sessions:
            with contextlib.suppress(ProcessLookupError):
                os.kill(session, number)

    def sessions(self):
        """PostgreSQL's processes that work for ours."""
        if not self.address.startswith("postgres"):
            return []
        query = ("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
                 "AND pid <> pg_backend_pid()")
        answer = subprocess.run(["psql", "-XAt", self.address, "-c", query], check=True,
                                capture_output=True, text=True, timeout=60)
        return [int(pid) for pid in answer.stdout.split()]

    def run(self):
        process = self.start()
        for i in range(KILLS):
            time.sleep(self.random.uniform(0.001, 0.12))
            if i % 10 == 9:
                process = self.supersede(process)
            else:
                self.kill(process, late=i % 10 == 4)
                process = self.start()
        self.kill(process, late=True)
        self.drain()

    def drain(self):
        """Finishes what is unfinished. A commit that arrives late takes its run from the one that
        goes on with it, which is then the next one's."""
        for _ in range(MAX_DRAINS):
            end = os.fstat(self.journal.fileno()).st_size
            subprocess.run([*self.command, "drain"], check=True, timeout=120)
            with open(self.journal.name, "rb") as journal:
                journal.seek(end)
                if not any(line.startswith(b"E ") for line in journal):
                    return

    def supersede(self, old):
        """The old process is stopped, not dead, and wakes up when another has its runs."""
        old.send_signal(signal.SIGSTOP)
        time.sleep(self.random.uniform(0, 0.02))
        new = self.start_beside(old)
        time.sleep(self.random.uniform(0.02, 0.1))
        self.kill(old)
        # It ends by itself if the old one has taken every conversation from it.
        return new if new.poll() is None else self.start()

    def start_beside(self, old):
        begun = self.begun()
        new = self.launch()
        # The old one may have stopped inside a transaction that the new one has to wait for.
        end = time.monotonic() + 0.5
        while self.begun() == begun and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(self.random.uniform(0, 0.05))
        old.send_signal(signal.SIGCONT)
        self.await_begun(begun, new)
        return new


def check(lines):
    """What is wrong, and how much was seen."""
    wrong = []
    seen = collections.Counter()
    owner = {}                                 # run → the process that began on it last
    started = collections.defaultdict(set)     # run → tasks since its last commit
    committed = collections.defaultdict(set)   # run → tasks
    steps = collections.defaultdict(dict)      # run → step → the process that committed it
    finished = {}
    newest = None
    for line in lines:
        what, pid, *rest = line.split(" ", 3)
        seen[what] += 1
        if what == "G":
            newest = pid
            continue
        run = rest[0]
        if what == "S":
            if pid != newest:
                continue  # it does not know yet that it was superseded
            if owner.get(run) != pid:
                started[run] = set()
            owner[run] = pid
            if rest[1] in committed[run]:
                wrong.append(f"{run}: task {rest[1]} was committed and runs again")
            started[run].add(rest[1])
        elif what == "C":
            if rest[1] in steps[run]:
                wrong.append(f"{run}: step {rest[1]} committed by {steps[run][rest[1]]} and {pid}")
            steps[run][rest[1]] = pid
            if owner.get(run, pid) == pid:
                committed[run] |= started[run]
                started[run] = set()
        elif what == "F":
            finished[run] = rest[1]
            if json.loads(rest[1]) != EXPECTED:
                wrong.append(f"{run}: finished with {rest[1]}")
        elif what == "E" and "ABORTED" not in rest[1].upper():
            wrong.append(f"{run}: {rest[1]}")
    lost = sorted(set(steps) - set(finished))
    wrong += [f"{run}: accepted and lost" for run in lost]
    seen["accepted"], seen["finished"] = len(steps), len(finished)
    return wrong, seen


def main():
    worker = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="baton-crash-") as name:
        folder = pathlib.Path(name)
        named = os.environ.get("PROBE_CHECKPOINTER", "")
        address = (sys.argv[2:] or [named.removeprefix("postgres:") or f"sqlite:{folder}/crash.db"])[0]
        print(f"seed {SEED}, {KILLS} kills on {address.split(':')[0]}", flush=True)
        crash = Crash(worker, address, folder)
        try:
            crash.run()
        finally:
            crash.end()
        wrong, seen = check((folder / "journal").read_text().splitlines())
    print(f"{seen['G']} processes, {seen['accepted']} runs accepted, {seen['finished']} finished, "
          f"{seen['C']} steps committed, {seen['S']} tasks started, {seen['E']} runs given up to "
          f"another process")
    for line in wrong[:20]:
        print("WRONG", line)
    sys.exit(bool(wrong) or not seen["finished"])


if __name__ == "__main__":
    main()
