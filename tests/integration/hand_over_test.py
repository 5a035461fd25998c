"""research finds, data_formatting makes a table of it: one turn of the real binary."""
import json
import pathlib
import tempfile
import unittest

import eval_test
import harness

FINDINGS = {"findings": [{"text": "Bread costs 2.50.", "citations": [1]}],
            "confidence_level": "high", "open_questions": [], "next_steps": []}
TABLE = "| what | price |\n| --- | --- |\n| bread | 2.50 [1] |"


class Provider(eval_test.Provider):
    """A model that is each agent in turn, as its prompt says."""

    hands_over = True

    def answer(self, body, _):
        prompt = body["messages"][0]["content"]
        if "go on with that answer" in prompt:
            return {"content": json.dumps({"hand_over": self.hands_over})}
        if "You judge search results" in prompt:
            return {"content": json.dumps({"sufficient": True, "missing": "", "queries": [],
                                           "read": []})}
        if "You write that answer down as data" in prompt:
            return {"content": json.dumps(FINDINGS)}
        if "bring data into form" in prompt:
            return {"content": json.dumps({"form": "table", "output": TABLE, "note": ""})}
        return {"content": "Bread costs 2.50 [1]."}


class HandOver(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = Provider()
        cls.addClassCleanup(cls.provider.close)
        cls.server = harness.Server(env={"OPENAI_BASE_URL": cls.provider.base_url,
                                         "BATON_MODEL": "m"})
        cls.addClassCleanup(cls.server.__exit__)
        with tempfile.TemporaryDirectory(prefix="baton-notes-") as folder:
            pathlib.Path(folder, "prices.md").write_text("# Prices\n\nBread costs 2.50.\n")
            cls.server.baton("import", folder).check_returncode()

    def ask(self, conversation):
        return harness.chat(self.server.stub(), "What does bread cost, as a table?", user="local",
                            conversation=conversation, agent_type="research")

    def test_the_table_comes_behind_the_answer_with_its_source(self):
        chunks = self.ask("table")
        self.assertEqual(harness.apply_chunks(chunks), "Bread costs 2.50 [1].\n\n" + TABLE)
        self.assertIn("Data formatting takes over", [c.message for c in chunks])
        self.assertEqual(chunks[-1].metadata["state"], "completed")
        source, = json.loads(chunks[-1].metadata["sources"])
        self.assertEqual(source["title"], "Prices")
        self.assertEqual(json.loads(chunks[-1].metadata["structured_output"])["output"], TABLE)
        shaping, = [r for r in self.provider.requests
                    if "bring data into form" in r["messages"][0]["content"]]
        self.assertIn("Bread costs 2.50 [1].", [m["content"] for m in shaping["messages"]])

    def test_without_a_reason_the_answer_stands_alone(self):
        self.provider.hands_over = False
        self.addCleanup(setattr, self.provider, "hands_over", True)
        chunks = self.ask("none")
        self.assertEqual(harness.apply_chunks(chunks), "Bread costs 2.50 [1].")
        self.assertEqual(json.loads(chunks[-1].metadata["structured_output"]), FINDINGS)
        self.assertNotIn("structured_output_error", chunks[-1].metadata)


if __name__ == "__main__":
    unittest.main()
