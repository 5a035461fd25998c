#!/usr/bin/env python3
"""kill -9 at random moments while an agent changes the world (effect_probe.cc).

usage: kill_test.py PROBE

The probe's agent makes five notes, its user looks into the file before they answer whether a
note in doubt is to be made again. Whatever is killed when: in the end each note is there once.
PROBE_CHECKPOINTER names a PostgreSQL database (with_postgres.cc); without it, SQLite. BATON_KILLS
(50) processes are killed. The seed is printed and can be given as BATON_SEED.
"""
import collections
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

PROBE = sys.argv[1]
KILLS = int(os.environ.get("BATON_KILLS", "50"))
SEED = int(os.environ.get("BATON_SEED", random.randrange(1 << 32)))
NOTES = ["milk", "eggs", "salt", "tea", "rice"]
MAX_LIVES = 4     # processes of a run that are killed; a fifth crash in a row gives the run up
PATIENCE = 60


class Round:
    """One run of the agent, in as many processes as it takes."""

    def __init__(self, folder, database, number):
        self.notes = folder / f"notes-{number}"
        self.said = folder / f"said-{number}"
        self.command = [PROBE, database, str(self.notes), f"c{number}"]

    def live(self, seconds):
        """Seconds the process lived; None if it was killed after `seconds`."""
        begun = time.monotonic()
        with open(self.said, "ab") as said:
            process = subprocess.Popen(self.command, stdout=said, stderr=subprocess.STDOUT)
            try:
                code = process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return None
        if code != 0:
            sys.exit(f"{self.command} ended with {code}:\n{self.said.read_text()}")
        return time.monotonic() - begun

    def counts(self):
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return collections.Counter(line.split("\t")[0] for line in lines)

    def answers(self):
        return [line for line in self.said.read_text().splitlines() if line.startswith("answer ")]


def main():
    with tempfile.TemporaryDirectory(prefix="baton-effects-") as folder:
        return kill_and_count(pathlib.Path(folder), random.Random(SEED))


def kill_and_count(folder, rng):
    given = os.environ.get("PROBE_CHECKPOINTER", "")
    database = given.removeprefix("postgres:") or f"sqlite:{folder}/runs.db"
    print(f"seed {SEED}, {KILLS} kills, {'PostgreSQL' if given else 'SQLite'}", flush=True)

    # The first run makes the tables, the second shows how long one takes.
    whole = [Round(folder, database, f"whole{i}").live(PATIENCE) for i in range(2)][-1]
    kills = repeated = lost = rounds = 0
    answers = collections.Counter()
    while kills < KILLS:
        current = Round(folder, database, rounds)
        rounds += 1
        ended = False
        for _ in range(rng.randint(1, MAX_LIVES)):
            if ended := current.live(rng.uniform(0, 1.1 * whole)) is not None:
                break
            kills += 1
        if not ended and current.live(PATIENCE) is None:
            sys.exit(f"run {rounds - 1} does not end:\n{current.said.read_text()}")
        counts = current.counts()
        wrong = {note: counts[note] for note in {*NOTES, *counts} if counts[note] != 1}
        if wrong:
            print(f"run {rounds - 1}: {wrong}\n{current.said.read_text()}")
        repeated += sum(count - 1 for count in counts.values() if count > 1)
        lost += sum(note not in counts for note in NOTES)
        answers.update(answer.split()[1] for answer in current.answers())
    print(f"{rounds} runs, {kills} kills: {repeated} notes repeated, {lost} lost; asked "
          f"{sum(answers.values())} times ({answers['retry']} retry, {answers['done']} done)")
    if KILLS >= 50 and not (answers["retry"] and answers["done"]):
        print("no kill fell before, or none after, a change: the test shows nothing")
        return 1
    return 1 if repeated or lost else 0


sys.exit(main())
