"""The org parser against one that others wrote: uniorg-parse, over the corpus."""
import json
import os
import pathlib
import subprocess
import unittest

import third_party

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = pathlib.Path(os.environ.get("BATON_BIN", ROOT / "build/release/bin")) / "org_probe"
CORPUS = ROOT / "tests" / "corpus" / "org_fuzz"
DEFAULT_WORDS = "TODO NEXT STARTED WAITING HOLD SOMEDAY DONE CANCELLED CANCELED".split()

# What uniorg reads otherwise than Emacs (or knows nothing of) is collected in one file.
DISPUTED = {"disputed.org", "lone_cr.org"}


def todo_words(text):
    words = [word.split("(")[0] for line in text.splitlines()
             if line.upper().startswith(("#+TODO:", "#+SEQ_TODO:"))
             for word in line.split(":", 1)[1].split() if word != "|"]
    return words or DEFAULT_WORDS


def run(command, text):
    done = subprocess.run(list(map(str, command)), input=text.encode(), capture_output=True,
                          cwd=third_party.HERE, env=third_party.node_environment(), timeout=60)
    if done.returncode:
        raise AssertionError(done.stderr.decode())
    return json.loads(done.stdout)


class Uniorg(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        third_party.install()

    def test_both_read_the_same_outline(self):
        compared = 0
        for path in sorted(set(CORPUS.glob("*.org")) - {CORPUS / name for name in DISPUTED}):
            try:
                # Emacs, too, hands its parser text without carriage returns.
                text = path.read_bytes().decode().removeprefix("\ufeff").replace("\r\n", "\n")
            except UnicodeDecodeError:
                continue
            if "\0" in text:
                continue
            ours = run([PROBE], text)
            theirs = run(["node", "uniorg_outline.mjs", *todo_words(text)], text)
            for part, read in theirs.items():
                with self.subTest(file=path.name, part=part):
                    self.assertEqual(ours[part], read)
                    compared += 1
        self.assertGreater(compared, 100)


if __name__ == "__main__":
    unittest.main(verbosity=2)
