"""Compares Recurrent with its peers, side by side: see README.md."""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import agreement
import cases
import contestants
import limits
import numpy
import report


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--points", default="grid curves", help="presets (grid, curves, quick) and shapes T,B,I,H, separated by spaces"
    )
    parser.add_argument("--threads", default="1,2", help="numbers of threads; the curves are of one thread")
    parser.add_argument("--contestants", default=",".join(contestants.DEFAULT), help=", ".join(contestants.CONTESTANTS))
    parser.add_argument("--rounds", type=int, default=5, help="how often each contestant has its turn on a point")
    parser.add_argument("--seconds", type=float, default=0.2, help="how long a turn times whole calls")
    return parser.parse_args()


def measure(case, keys, processors, rounds, seconds):
    """Runs the contestants on a case in turns: what each of them took in each round, or why it took no part."""
    results, runners = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expectation = agreement.Expectation(case.write(folder))
        try:
            for key in keys:
                runner = contestants.Runner(contestants.CONTESTANTS[key], case, folder, processors)
                runners[key] = runner
                if not runner.is_supported:
                    continue
                complaint = expectation.complaint(numpy.load(folder / "y.npy"))
                (folder / "y.npy").unlink()
                results[key] = {"version": runner.version, "rounds": []}
                if complaint:
                    results[key]["failure"] = complaint
            able = [key for key in results if "failure" not in results[key]]
            for turn in range(rounds):
                # Nobody always comes after the same one.
                first = turn % len(able)
                for key in able[first:] + able[:first]:
                    results[key]["rounds"].append(runners[key].time(seconds))
        finally:
            for runner in runners.values():
                runner.close()
    for key in able:
        results[key]["median"] = statistics.median(turn["median"] for turn in results[key]["rounds"])
        results[key]["minimum"] = min(turn["minimum"] for turn in results[key]["rounds"])
    return results


def main():
    chosen = options()
    keys = chosen.contestants.split(",")
    points = cases.parse(chosen.points)
    contestants.build(keys)
    processors = sorted(os.sched_getaffinity(0))
    limit = limits.Limits(processors[0])
    print(limit.operations_per_second, limit.bytes_per_second)
    rows = []
    for threads in map(int, chosen.threads.split(",")):
        for case in points:
            results = measure(case, keys, processors[:threads], chosen.rounds, chosen.seconds)
            rows.append({"case": case, "threads": threads, "limit": limit.seconds(case, threads), "results": results})
            print(report.table(rows[-1:], keys).splitlines()[2], {k: r["version"] for k,r in results.items()}, flush=True)
    print(report.table(rows, keys))


main()
