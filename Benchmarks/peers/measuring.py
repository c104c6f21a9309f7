"""A comparison of one case: the contestants' results are checked, and then they are timed in turns."""

import statistics
import tempfile
from pathlib import Path

import agreement
import word_model
from runner import Runner, RunnerFailure, Unsupported


def measure(case, contestants, processors, rounds, seconds):
    """Runs contestants, by names, on a case: for each that took part what it took in each round, or how it failed."""
    results, runners = {key: {"rounds": []} for key in contestants}, {}

    def prepare(key):
        runners[key] = Runner(contestants[key], case, folder, processors)
        results[key] |= runners[key].start()
        complaint, error = expectation.judge(runners[key].results())
        if complaint:
            raise RunnerFailure(complaint)
        results[key]["error"] = error

    def take_turn(key):
        results[key]["rounds"].append(runners[key].time(seconds))

    def each(action, turn=0):
        able = [key for key, result in results.items() if not {"failure", "unsupported"} & result.keys()]
        # Nobody always comes after the same one.
        for key in able[turn:] + able[:turn]:
            try:
                action(key)
            except Unsupported as reason:
                results[key] = {"unsupported": str(reason)}
            except RunnerFailure as failure:
                results[key]["failure"] = str(failure)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arrays = case.write(folder)
        expectation = (word_model if case.pass_name == "model" else agreement).Expectation(case, arrays)
        try:
            each(prepare)
            for turn in range(rounds):
                each(take_turn, turn % len(contestants))
        finally:
            for runner in runners.values():
                runner.close()
    for result in results.values():
        if "failure" not in result and result.get("rounds"):
            result["median"] = statistics.median(times["median"] for times in result["rounds"])
            result["minimum"] = min(times["minimum"] for times in result["rounds"])
    return results
