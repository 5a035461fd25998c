"""That crash_check.py sees what it is there to see."""
import json
import unittest

from crash_check import EXPECTED, check

DONE = json.dumps(EXPECTED)
GOOD = ["G 1", "C 1 w0-0 0", "S 1 w0-0 t1", "C 1 w0-0 1", "S 1 w0-0 t2",
        "G 2", "S 2 w0-0 t2", "C 2 w0-0 2", f"F 2 w0-0 {DONE}"]


class CheckTest(unittest.TestCase):
    def wrong(self, lines):
        return "\n".join(check(lines)[0])

    def test_a_task_that_a_crash_cut_off_may_run_again(self):
        self.assertEqual(self.wrong(GOOD), "")

    def test_a_committed_task_may_not(self):
        self.assertIn("task t1 was committed", self.wrong(GOOD[:6] + ["S 2 w0-0 t1"] + GOOD[6:]))

    def test_an_accepted_run_must_finish(self):
        self.assertIn("w0-0: accepted and lost", self.wrong(GOOD[:-1]))

    def test_a_step_has_one_owner(self):
        self.assertIn("step 2 committed by 2 and 1", self.wrong(GOOD + ["C 1 w0-0 2"]))

    def test_the_result_is_the_one_without_crashes(self):
        self.assertIn("finished with", self.wrong(GOOD[:-1] + ['F 2 w0-0 ["in"]']))

    def test_only_the_fence_may_end_a_run(self):
        self.assertIn("unavailable", self.wrong(GOOD + ["E 1 w0-0 unavailable: disk"]))
        self.assertEqual(self.wrong(GOOD + ["E 1 w0-0 aborted: taken over"]), "")


if __name__ == "__main__":
    unittest.main()
