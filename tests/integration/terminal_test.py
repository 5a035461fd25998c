"""What a person at the terminal is told, and what Ctrl-C does."""
import itertools
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import harness

ASKING_AGENT = """---
name: careful
title: Careful
description: Searches the documents, but asks first.
when: Never by itself.
workflow: research
tools:
  - search_documents: ask
---
Answer from the passages.
"""



class StartOfServe(unittest.TestCase):
    def serve(self, ports=None, **environment):
        """`baton serve` as far as it gets, on free ports but for those given."""
        data = tempfile.mkdtemp(prefix="baton-data-")
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        ports = {"--http": "0", "--grpc": "0", "--tools": "0", **(ports or {})}
        process = subprocess.Popen(
            [harness.BATON, "serve", "--data", data, *itertools.chain(*ports.items())], text=True,
            cwd=harness.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**harness.clean_environment(), **environment})
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_a_port_that_is_taken_is_named_with_the_flag_for_another(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            for flag in ("--grpc", "--tools", "--http"):
                with self.subTest(flag):
                    _, err = self.serve({flag: port}).communicate(timeout=30)
                    self.assertIn(f"hint:  another port: {flag} PORT", err)

    def test_a_database_that_is_not_there_is_no_matter_of_ports(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        _, err = self.serve(DATABASE_URL=f"postgres://127.0.0.1:{port}/x").communicate(timeout=30)
        self.assertIn("error: database:", err)
        self.assertNotIn("another port", err)

    def test_ctrl_c_ends_a_start_that_hangs(self):
        # libpq would wait ten seconds for this server to say something.
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            process = self.serve(DATABASE_URL=f"postgres://127.0.0.1:{port}/x")
            silent.settimeout(harness.START_SECONDS)
            with silent.accept()[0]:
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(5), -signal.SIGINT)

    def test_ctrl_c_ends_a_server_that_is_ready_in_order(self):
        with harness.Server() as server:
            server.process.send_signal(signal.SIGINT)
            self.assertEqual(server.process.wait(20), 0)
            self.assertIn('"stopped"', "".join(server.log[-3:]))


class CommandLine(unittest.TestCase):
    def baton(self, *args, **environment):
        return subprocess.run([harness.BATON, *args], text=True, capture_output=True, timeout=30,
                              cwd=harness.ROOT, env={**harness.clean_environment(), **environment})

    def test_what_cannot_be_understood_exits_with_2(self):
        for args in ((), ("frob",), ("chat", "--frob"), ("import",), ("graph", "lint")):
            with self.subTest(args):
                self.assertEqual(self.baton(*args).returncode, 2)
        self.assertEqual(self.baton("chat", "--help").returncode, 0)

    def test_a_misspelled_variable_is_named_with_the_one_that_is_meant(self):
        done = self.baton("config", BATON_SERVRE="127.0.0.1:1", BATON_QUITE_ANOTHER="1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "warning: environment BATON_SERVRE sets nothing: "
                                      "did you mean 'BATON_SERVER'?\n")
        self.assertIn("# environment BATON_QUITE_ANOTHER sets nothing", done.stdout)

    def test_a_folder_is_no_configuration_file(self):
        done = self.baton("--config", str(harness.ROOT), "config")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be read: Is a directory", done.stderr)


class Questions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="baton-asking-"))
        (cls.folder / "agents").mkdir()
        (cls.folder / "agents/careful.md").write_text(ASKING_AGENT)
        (cls.folder / "tea.txt").write_text("Green tea is steeped at 70 degrees.\n")
        cls.server = harness.Server(args=["--agents", cls.folder / "agents"])
        cls.server.baton("import", cls.folder / "tea.txt", "--user", "ann b")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        shutil.rmtree(cls.folder)

    def test_a_question_without_an_answer_waits_for_the_command_it_names(self):
        asked = self.server.baton("chat", "How hot is green tea steeped?", "--agent", "careful",
                                  "--user", "ann b", input="")
        self.assertEqual(asked.returncode, 1)
        self.assertIn("Allow? [y]es", asked.stderr)
        go_on = re.search(r"no answer: the run waits for one\. go on with: baton (.*)",
                          asked.stderr)
        self.assertIsNotNone(go_on, asked.stderr)
        answered = self.server.baton(*shlex.split(go_on[1]), input="y\n")
        self.assertEqual(answered.returncode, 0, answered.stderr)
        self.assertIn("70 degrees", answered.stdout)
        self.assertIn("--user 'ann b' --server " + self.server.grpc_address, answered.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
