"""Jobs of the real binary: imports that outlive kill -9, by themselves and beside a service."""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest

import harness
from harness import wait_until

FILES = 3000


def make_files(folder, count=FILES):
    words = "badger weather outline harbour chapter lantern ferry meadow".split()
    for i in range(count):
        path = folder / f"d{i % 17}" / f"{i:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# File {i}\n\n" + " ".join(words[(i + j * j) % 8] + str(i * j % 97)
                                                     for j in range(120)))


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-jobs-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.files = self.folder / "files"
        self.data = self.folder / "data"

    def baton(self, *args, **kwargs):
        return subprocess.run([harness.BATON, *map(str, args), "--data", self.data],
                              env=harness.clean_environment(), capture_output=True, text=True,
                              timeout=120, **kwargs)

    def row(self):
        """The job's state and progress, read beside whoever writes it."""
        database = sqlite3.connect(f"file:{self.data / 'baton.db'}?mode=ro", uri=True, timeout=10)
        try:
            found = database.execute("SELECT state, progress FROM jobs").fetchone()
            return (found[0], json.loads(found[1])) if found else ("none", {"done": 0})
        except sqlite3.OperationalError:  # no such table yet
            return ("none", {"done": 0})
        finally:
            database.close()

    def documents(self):
        database = sqlite3.connect(f"file:{self.data / 'baton.db'}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute("SELECT count(*), count(DISTINCT path) FROM documents").fetchone()
        finally:
            database.close()

    def kill_import_midway(self):
        """Starts an import and kills it -9 once it has stored something, but not all."""
        process = subprocess.Popen([harness.BATON, "import", self.files, "--data", self.data],
                                   env=harness.clean_environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.data.mkdir(exist_ok=True)
        wait_until(lambda: (self.data / "baton.db").exists() and self.row()[1]["done"] > 0, 60,
                   "a first step")
        process.kill()
        process.wait()
        state, progress = self.row()
        self.assertEqual(state, "running")
        self.assertLess(progress["done"], FILES, "the import was too quick to be killed")
        return progress["done"]


class Import(Folder):
    def test_killed_midway_it_is_gone_on_with_and_everything_is_there_once(self):
        make_files(self.files)
        done = self.kill_import_midway()
        self.assertEqual(self.documents(), (done, done))
        resumed = self.baton("import", "--resume")
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assertIn(f"{FILES} added, 0 updated, 0 unchanged, 0 skipped", resumed.stdout)
        self.assertEqual(self.documents(), (FILES, FILES))
        again = self.baton("import", self.files)
        self.assertIn(f"0 added, 0 updated, {FILES} unchanged", again.stdout)
        nothing = self.baton("import", "--resume")
        self.assertEqual(nothing.returncode, 1)
        self.assertIn("no import of user 'local' is unfinished", nothing.stderr)


if __name__ == "__main__":
    unittest.main()
