"""A person's first session: import a folder, ask, get an answer with citations."""
import json
import pathlib
import re
import tempfile
import unittest

import harness

NOTES = {
    "backup.md": "# Backup plan\n\nThe nightly backup runs at 02:30 and keeps fourteen copies.\n"
                 "Restores are rehearsed on the first Monday of each quarter.\n",
    "garden.org": "#+TITLE: Garden\n* Roses\nRoses are pruned in late February.\n",
    "trip.txt": "The ferry to Bornholm leaves Ystad at 08:30 and takes eighty minutes.\n",
    "page.html": "<html><head><title>Tea</title><script>var x=1</script></head>"
                 "<body><h1>Tea</h1><p>Green tea is steeped at 70 degrees.</p></body></html>",
    "picture.png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00\xff\xfe",
}


class FirstLight(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = harness.Server()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-notes-"))
        for name, text in NOTES.items():
            data = text if isinstance(text, bytes) else text.encode()
            (cls.folder / name).write_bytes(data)
        cls.imported = cls.server.baton("import", cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_import_counts_and_says_what_it_skipped(self):
        self.assertEqual(self.imported.returncode, 0, self.imported.stderr)
        self.assertIn("4 added, 0 updated, 0 unchanged, 1 skipped", self.imported.stdout)
        self.assertIn("picture.png", self.imported.stderr)

    def test_importing_again_changes_nothing(self):
        again = self.server.baton("import", self.folder)
        self.assertIn("0 added, 0 updated, 4 unchanged, 1 skipped", again.stdout)

    def test_import_of_a_path_that_is_not_there_says_so(self):
        missing = self.server.baton("import", self.folder / "nowhere")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("nowhere", missing.stderr)

    def test_answers_cite_the_right_files(self):
        for question, file, fact in (
                ("When does the nightly backup run?", "backup.md", "02:30"),
                ("When are roses pruned?", "garden.org", "February"),
                ("When does the ferry to Bornholm leave?", "trip.txt", "08:30"),
                ("At how many degrees is green tea steeped?", "page.html", "70 degrees")):
            with self.subTest(question):
                answer = self.server.baton("chat", question, "--agent", "research")
                self.assertEqual(answer.returncode, 0, answer.stderr)
                self.assertIn(fact, answer.stdout)
                cited = re.findall(r"\[(\d+)\]", answer.stdout.split("\n\n[")[0])
                self.assertTrue(cited, answer.stdout)
                sources = dict(re.findall(r"^\[(\d+)\] .* — (.*)$", answer.stdout, re.M))
                self.assertIn(file, sources[cited[0]])

    def test_auto_routes_a_question_about_documents_to_research(self):
        turn = self.server.baton("chat", "--json", "What do my documents say about roses?")
        chunks = [json.loads(line) for line in turn.stdout.splitlines()]
        agents = {c["agent"] for c in chunks if c["type"] == "content"}
        self.assertEqual(agents, {"research_agent"})
        self.assertEqual([c["seq"] for c in chunks], list(range(1, len(chunks) + 1)))
        self.assertEqual(chunks[-1]["type"], "complete")
        self.assertIn("search_documents", chunks[-1]["tools_used"])

    def test_another_user_sees_none_of_it(self):
        turn = self.server.baton("chat", "When does the nightly backup run?", "--user", "bob",
                                 "--agent", "research")
        self.assertEqual(turn.returncode, 0, turn.stderr)
        self.assertNotIn("02:30", turn.stdout)

    def test_check_passes_line_by_line(self):
        check = self.server.baton("check")
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
        lines = check.stdout.splitlines()
        self.assertGreaterEqual(len(lines), 4)
        self.assertTrue(all(line.startswith("PASS") for line in lines), check.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
