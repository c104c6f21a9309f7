"""The harness refuses what is wrong, and names what is missing; neither Recurrent nor a peer need be installed."""

import os
import subprocess
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import contestants  # noqa: E402
import runner  # noqa: E402
import word_model  # noqa: E402
from cases import Case  # noqa: E402
from measuring import measure  # noqa: E402

PROCESSORS = [0]
LSTM = Case(6, 2, 5, 16, cell="lstm")


def plain(fault):
    """A contestant whose runner has a fault."""
    return contestants.Contestant(fault, (sys.executable, HERE / "runners/plain.py", fault))


def outcome(fault, case):
    """What the harness says of a runner with a fault."""
    return measure(case, {"one": plain(fault)}, PROCESSORS, 1, 0.001)["one"]


class MeasuringTests(unittest.TestCase):
    def test_right_results_are_timed(self):
        for case in (LSTM, Case(6, 2, 5, 16), replace(LSTM, rows=1, pass_name="stream")):
            with self.subTest(case=case):
                result = outcome("none", case)
                self.assertNotIn("failure", result)
                self.assertGreater(result["median"], 0)
                self.assertLess(result["error"], 1e-6)
                self.assertEqual((result["version"], result["setting"]), ("1.0", "none"))

    def test_wrong_results_are_refused_and_not_timed(self):
        wrong = {
            "gates": "elements are off",
            "one element": "1 of 192 elements are off, the worst at [5, 1, 15]",
            "NaN": "1 of 192 elements are not in",
            "double": "expected float32 (6, 2, 16), got float64",
            "no results": "output: missing",
        }
        for fault, complaint in wrong.items():
            with self.subTest(fault):
                result = outcome(fault, LSTM)
                self.assertIn(complaint, result["failure"])
                self.assertEqual(result["rounds"], [])
                self.assertNotIn("median", result)

    def test_what_breaks_the_protocol_has_failed(self):
        broken = {
            "ends": "it ended: it was told to end",
            "babble": "expected ready VERSION, got good",
            "lies": "expected times COUNT MEDIAN MINIMUM, got times 5 0 0",
        }
        for fault, complaint in broken.items():
            with self.subTest(fault):
                result = outcome(fault, LSTM)
                self.assertIn(complaint, result["failure"])
                self.assertNotIn("median", result)

    def test_a_runner_without_an_answer_is_given_up(self):
        with mock.patch.object(runner, "PATIENCE", 1):
            self.assertIn("no answer", outcome("mute", LSTM)["failure"])

    def test_what_a_runner_does_not_have_is_no_failure(self):
        result = outcome("none", replace(LSTM, cell="gru"))
        self.assertEqual(result, {"unsupported": "this runner has no cell gru"})

    def test_one_that_fails_does_not_stop_the_others(self):
        both = {"wrong": plain("gates"), "right": plain("none")}
        results = measure(LSTM, both, PROCESSORS, 2, 0.001)
        self.assertIn("failure", results["wrong"])
        self.assertEqual(len(results["right"]["rounds"]), 2)

    def test_weights_of_8_bits_may_be_off_by_what_8_bits_are_off(self):
        case = Case(20, 1, 128, 128, cell="lstm", weights="int8")
        result = outcome("none", case)
        self.assertNotIn("failure", result)
        self.assertGreater(result["error"], 1e-4)
        for fault in ("coarse", "gates"):
            self.assertIn("permitted", outcome(fault, case)["failure"], fault)


class WordModelTests(unittest.TestCase):
    case = word_model.WordModel(5, 3, 4, 6, 2, 11)

    def judged(self, change=lambda results: None):
        """What is said of a step in float, after a change of its results."""
        arrays = self.case.arrays()
        step = word_model.step(arrays, self.case.layers, word_model.numpy.float32)
        results = {"loss" if name == "loss" else f"parameter_{name}": array for name, array in step.items()}
        change(results)
        return word_model.Expectation(self.case, arrays).judge(results)[0]

    def test_a_step_in_float_is_right(self):
        self.assertIsNone(self.judged())

    def test_each_array_that_is_wrong_is_refused(self):
        names = [name for name in self.case.arrays() if name not in ("x", "targets")]
        for name in ("loss", *(f"parameter_{name}" for name in names)):
            with self.subTest(name):
                self.assertIn(f"{name}: off", self.judged(lambda results: results.update({name: results[name] * 1.01})))
                self.assertEqual(self.judged(lambda results: results.pop(name)), f"{name}: missing")

    def test_gradients_are_those_of_the_loss(self):
        arrays = {name: array.astype("float64") for name, array in self.case.arrays().items()}
        arrays["targets"] = arrays["targets"].astype(int)

        def loss(name, place, change):
            moved = arrays[name].copy()
            moved[place] += change
            return word_model.step(arrays | {name: moved}, 2, word_model.numpy.float64)["loss"]

        after = word_model.step(arrays, 2, word_model.numpy.float64)
        for name in after.keys() - {"loss"}:
            place = tuple(size // 2 for size in arrays[name].shape)
            gradient = (arrays[name][place] - after[name][place]) / word_model.LEARNING_RATE
            difference = (loss(name, place, 1e-5) - loss(name, place, -1e-5)) / 2e-5
            self.assertAlmostEqual(gradient, difference, delta=1e-8, msg=name)


class CommandTests(unittest.TestCase):
    """The command itself, with runners of these tests alone."""

    def run_command(self, *arguments, files):
        """Its exit status and what it writes, for registrations by their files' names."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, text in files.items():
                (folder / file).write_text(text)
            paths = ",".join(str(folder / file) for file in files)
            command = [sys.executable, HERE.parent / "bench_peers.py", "--contestants", paths, "--machine", "Test 1"]
            command += ["--output", folder / "results", "--threads", "1", "--rounds", "1", "--seconds", "0.001"]
            # Nothing is installed.
            environment = os.environ | {"RECURRENT_PEERS_VENV": sys.prefix}
            result = subprocess.run([*command, *arguments], capture_output=True, text=True, env=environment)
            written = [path.read_text() for path in folder.glob("results/*/*/*.md")]
            return result.returncode, result.stderr, "".join(written)

    @staticmethod
    def registration(name, fault, more=""):
        return f'name = "{name}"\ncommand = ["{sys.executable}", "{HERE}/runners/plain.py", "{fault}"]\n{more}'

    def test_one_that_is_missing_is_named_and_the_others_are_compared(self):
        status, errors, report = self.run_command(
            "--points",
            "4,1,3,8",
            files={
                "right.toml": self.registration("Right", "none"),
                "gone.toml": 'name = "Gone"\ncommand = ["/no/such/runner"]\n',
                "absent.toml": self.registration("Absent", "none", 'packages = ["not-there==1.0"]'),
                "broken.toml": self.registration("Broken", "none", 'build = ["false"]'),
            },
        )
        self.assertEqual(status, 0, errors)
        reasons = {
            "Gone": "no executable /no/such/runner",
            "Absent": "not installed: not-there==1.0",
            "Broken": "cannot be built",
        }
        for name, reason in reasons.items():
            self.assertIn(f"LEFT OUT: {name}: {reason}", errors)
            self.assertIn(f"Left out: {name}, {reason}", report)
        self.assertIn("| T, B, I, H | Right |", report)
        self.assertIn("| 4, 1, 3, 8 |", report)

    def test_a_wrong_one_fails_the_command(self):
        files = {"right.toml": self.registration("Right", "none"), "wrong.toml": self.registration("Wrong", "gates")}
        status, errors, report = self.run_command("--points", "4,1,3,8", "--cells", "lstm", files=files)
        self.assertEqual(status, 1)
        self.assertIn("FAILED: Wrong: output:", errors)
        self.assertIn("| failed |", report)

    def test_a_runner_on_the_command_line_takes_part(self):
        given = f"Given={sys.executable} {HERE}/runners/plain.py none"
        files = {"right.toml": self.registration("Right", "none")}
        status, errors, report = self.run_command("--points", "4,1,3,8", "--runner", given, files=files)
        self.assertEqual(status, 0, errors)
        self.assertIn("| Right | limit | share of limit | Given |", report)

    def test_a_registration_with_an_unknown_key_is_refused(self):
        files = {"odd.toml": self.registration("Odd", "none", 'colour = "red"')}
        status, errors, _ = self.run_command(files=files)
        self.assertEqual(status, 2)
        self.assertIn("odd.toml: expected the keys", errors)

    def test_the_registrations_of_the_repository_can_be_read(self):
        known = contestants.registered()
        self.assertEqual(next(iter(known)), "recurrent")
        for name, one in known.items():
            script = Path(one.command[1]) if len(one.command) > 1 else None
            if script and script.suffix == ".py":
                self.assertTrue(script.exists(), name)


if __name__ == "__main__":
    unittest.main()
