"""`scripts/demonstrations`: every agent answers its request, and the page shows nothing of this machine."""
import pathlib
import re
import subprocess
import tempfile
import unittest

import harness

AGENTS = sorted(file.stem for file in (harness.ROOT / "agents").glob("*.md"))


class Demonstrations(unittest.TestCase):
    def test_each_agent_has_a_page_of_a_real_run(self):
        with tempfile.TemporaryDirectory(prefix="baton-demonstrations-") as folder:
            run = subprocess.run([harness.ROOT / "scripts/demonstrations", "--out", folder],
                                 text=True, capture_output=True, timeout=150)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            for agent in AGENTS:
                with self.subTest(agent):
                    page = pathlib.Path(folder, f"{agent}.md").read_text()
                    answer = page.split("## The answer\n")[1].split("\n## ")[0]
                    self.assertGreater(len(answer.strip()), 20)
                    self.assertIn("1. chosen: ", page)
                    self.assertNotRegex(page, r"127\.0\.0\.1|_[0-9A-HJKMNP-TV-Z]{26}")
                    self.assertNotIn(str(harness.ROOT), page)

    def test_each_agent_has_its_page_in_the_documentation(self):
        pages = {file.stem for file in (harness.ROOT / "docs/agents").glob("*.md")}
        self.assertEqual(pages, set(AGENTS))

    def test_what_is_shown_as_a_tool_was_called_by_the_agent(self):
        for agent in AGENTS:
            page = (harness.ROOT / f"docs/agents/{agent}.md").read_text()
            allowed = (harness.ROOT / f"agents/{agent}.md").read_text()
            for tool in re.findall(r"^1\. calls `(\w+)`", page, re.MULTILINE):
                self.assertIn(tool, allowed, agent)


if __name__ == "__main__":
    unittest.main()
