"""`baton graph` on real files: lint, draw, run, ask, die, go on."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from harness import BATON, ROOT, START_SECONDS

EXAMPLES = ROOT / "examples/graphs"

TWO_MODELS = """\
graph: two_models
description: Writes something down before and after a model speaks.
channels: {log: append, answer: last}
nodes:
  first: {set: {log: first}}
  speak: {model: {prompt: Tell me about cups., write: answer}}
  last: {set: {log: last}}
edges: [START -> first -> speak -> last]
"""

TWO_QUESTIONS = """\
graph: two_questions
description: Asks two things at once.
output: /answers
channels: {name: last, count: last, answers: last}
nodes:
  name: {ask: {question: "What is your name?", schema: {type: string}, write: name}}
  count: {ask: {question: "How many?", schema: {type: integer}, write: count}}
  done: {set: {answers: "{{/count}} for {{/name}}"}}
edges: [START -> name, START -> count, name + count -> done]
"""


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BATON_", "OPENAI_"))}
    return {**kept, **more}


class GraphCommand(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix="baton-graph-")
        self.addCleanup(self._folder.cleanup)
        self.folder = pathlib.Path(self._folder.name)

    def baton(self, *args):
        return subprocess.run([BATON, *map(str, args)], capture_output=True, text=True, cwd=ROOT,
                              env=environment(), timeout=START_SECONDS, check=False)

    def run_graph(self, file, *args):
        return self.baton("graph", "run", file, "--data", self.folder, *args)

    def outcome(self, file, *args):
        run = self.run_graph(file, "--json", *args)
        return json.loads(run.stdout.splitlines()[-1])

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_lint_names_every_mistake_with_its_place(self):
        wrong = self.write("wrong.yaml", TWO_MODELS.replace("-> speak", "-> speek")
                           .replace("write: answer", "write: anser, model: defalt"))
        lint = self.baton("graph", "lint", EXAMPLES / "refund.yaml", wrong)
        self.assertEqual(lint.returncode, 1, lint.stdout)
        self.assertIn(f"PASS {EXAMPLES / 'refund.yaml'}\n", lint.stdout)
        for mistake in (":6:55: unknown channel 'anser': did you mean 'answer'?",
                        ":6:69: unknown model 'defalt': did you mean 'default'?",
                        ":8:27: unknown node 'speek': did you mean 'speak'?"):
            self.assertIn(f"{wrong}{mistake}\n", lint.stdout)

    def test_every_example_is_right(self):
        files = sorted(EXAMPLES.rglob("*.yaml"))
        lint = self.baton("graph", "lint", *files)
        self.assertEqual((lint.returncode, lint.stdout.count("PASS")), (0, len(files)), lint.stdout)

    def test_draw_is_the_same_every_time(self):
        drawing = self.baton("graph", "draw", EXAMPLES / "refund.yaml")
        self.assertIn("\troute -.-> approve;\n", drawing.stdout)
        again = self.baton("graph", "draw", EXAMPLES / "refund.yaml")
        self.assertEqual(drawing.stdout, again.stdout)
        agent = self.baton("graph", "draw", "agents/chat.md")
        self.assertIn("\tmodel -.-> tools;\n", agent.stdout)

    def test_a_question_waits_in_another_process(self):
        file = EXAMPLES / "refund.yaml"
        asked = self.run_graph(file, "--thread", "t1", "--input",
                               '{"message": "It broke", "amount": 25, "wish": "refund"}')
        self.assertEqual(asked.returncode, 3, asked.stderr)
        go_on = f"baton graph run {file} --data {self.folder} --thread t1 --resume "
        self.assertEqual(asked.stdout, "approve asks: Refund 25 for: It broke\n"
                                       "choices: approve, refuse\n"
                                       f"go on with: {go_on}ANSWER\n")
        self.assertEqual(self.outcome(file, "--thread", "t1")["status"], "asks")
        refused = self.run_graph(file, "--thread", "t1", "--resume", "perhaps")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("answer to question", refused.stderr)
        # As it was printed.
        done = self.baton(*go_on.split()[1:], "approve")
        self.assertEqual((done.returncode, done.stdout), (0, "We refund 25.\n"), done.stderr)
        again = self.run_graph(file, "--thread", "t1")
        self.assertEqual((again.returncode, again.stdout), (0, "We refund 25.\n"))
        late = self.run_graph(file, "--thread", "t1", "--resume", "approve")
        self.assertIn("nothing is asked", late.stderr)

    def test_a_thread_is_its_users_own(self):
        file = EXAMPLES / "refund.yaml"
        asked = self.run_graph(file, "--thread", "t1", "--user", "ann", "--input",
                               '{"message": "It broke", "amount": 25, "wish": "refund"}')
        self.assertEqual(asked.returncode, 3, asked.stderr)
        foreign = self.run_graph(file, "--thread", "t1", "--user", "bob", "--resume", "approve")
        self.assertEqual(foreign.returncode, 1, foreign.stdout)
        self.assertIn("there is no thread 't1'", foreign.stderr)
        own = self.run_graph(file, "--thread", "t1", "--user", "ann", "--resume", "approve")
        self.assertEqual((own.returncode, own.stdout), (0, "We refund 25.\n"), own.stderr)

    def test_several_questions_are_answered_by_their_ids(self):
        file = self.write("two.yaml", TWO_QUESTIONS)
        asks = self.outcome(file, "--thread", "t")
        ids = {question["node"]: question["id"] for question in asks["questions"]}
        unclear = self.run_graph(file, "--thread", "t", "--resume", "3")
        self.assertIn("2 questions are open", unclear.stderr)
        twice = self.run_graph(file, "--thread", "t", "--resume", f"{ids['name']}=7",
                               "--resume", f"{ids['name']}=8")
        self.assertIn(f"question '{ids['name']}' is answered twice", twice.stderr)
        half = self.outcome(file, "--thread", "t", "--resume", f"{ids['name']}=7")
        self.assertEqual([q["node"] for q in half["questions"]], ["count"])
        slip = self.run_graph(file, "--thread", "t", "--resume", f"{ids['name']}x=3")
        self.assertIn(f"no question '{ids['name']}x' is open", slip.stderr)
        done = self.outcome(file, "--thread", "t", "--resume", "3")
        self.assertEqual((done["status"], done["output"]), ("done", "3 for 7"))

    def test_a_killed_run_goes_on_and_repeats_no_finished_step(self):
        file = self.write("models.yaml", TWO_MODELS)
        command = [BATON, "graph", "run", file, "--data", self.folder, "--thread", "t", "--json",
                   "--stream", "messages"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT,
                              env=environment(BATON_OFFLINE_TOKEN_DELAY_MS="300")) as process:
            self.assertEqual(json.loads(process.stdout.readline())["type"], "message")
            process.send_signal(signal.SIGKILL)
        done = self.outcome(file, "--thread", "t", "--stream", "updates")
        self.assertEqual(done["status"], "done")
        self.assertEqual(done["values"]["log"], ["first", "last"])

    def test_a_tool_node_finds_what_was_imported(self):
        self.write("backup.md", "# Backups\n\nThe nightly backup runs at half past two.\n")
        imported = self.baton("import", self.folder / "backup.md", "--data", self.folder)
        self.assertEqual(imported.returncode, 0, imported.stderr)
        file = EXAMPLES / "answer_from_documents.yaml"
        done = self.outcome(file, "--input", '{"question": "When does the nightly backup run?"}')
        self.assertIn("half past two", done["output"])
        other = self.outcome(file, "--user", "bob", "--input", '{"question": "nightly backup"}')
        self.assertIn("say nothing about", other["output"])

    def test_mistakes_of_the_command_line_say_what_to_do(self):
        file = EXAMPLES / "refund.yaml"
        for args, message in (
                (["--input", "{"], "--input: JSON, byte"),
                (["--input", "[]"], "--input: must be a JSON object"),
                (["--input", "@/none"], "--input: /none: cannot be read"),
                (["--input", '{"amout": 1}'], "'amout'"),
                (["--resume", "x"], "--resume: needs --thread"),
                (["--thread", "t", "--resume", "x"], "there is no thread 't' of graph 'refund'"),
                (["--stream", "all"], "--stream")):
            run = self.run_graph(file, *args)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn(message, run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
