"""Compares Recurrent with its peers, side by side. README.md tells how to read what it writes."""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import agreement
import cases
import contestants
import limits
import machine
import numpy
import plot
import report

RESULTS = contestants.HERE.parent / "Results"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument(
        "--points", default="grid curves", help=f"{', '.join(cases.PRESETS)} and shapes T,B,I,H, separated by spaces"
    )
    parser.add_argument("--cells", default="rnn", help=", ".join(cases.GATES))
    parser.add_argument("--passes", default="forward,training", help=", ".join(cases.PASSES))
    parser.add_argument("--threads", default="1,2", help="numbers of threads; the curves are of one thread")
    parser.add_argument("--contestants", default=",".join(contestants.DEFAULT), help=", ".join(contestants.CONTESTANTS))
    parser.add_argument("--rounds", type=int, default=5, help="how often each contestant has its turn at a point")
    parser.add_argument("--seconds", type=float, default=0.2, help="how long each turn is")
    parser.add_argument("--machine", default=machine.name(), help="the processor's name in titles and folders")
    parser.add_argument("--output", type=Path, help=f"the folder of all results; {RESULTS} for the whole grid, else .work")
    chosen = parser.parse_args()
    chosen.thread_counts = [int(count) for count in chosen.threads.split(",")]

    def some(option, known):
        """The words of an option."""
        words = getattr(chosen, option).split(",")
        for word in words:
            if word not in known:
                parser.error(f"--{option}: expected some of {', '.join(known)}, got {word}")
        return words

    chosen.keys = some("contestants", contestants.CONTESTANTS)
    cells, passes = some("cells", cases.GATES), some("passes", cases.PASSES)
    # So that the results of one run do not take the place of another's.
    named = {"cells": cells, "passes": passes}
    others = [option for option in named if getattr(chosen, option) != parser.get_default(option)]
    chosen.kinds = [word for option in others for word in named[option]]
    chosen.sections = cases.sections(chosen.points, cells, passes, chosen.thread_counts, parser.error)
    # The last ones first: the first serves most interrupts.
    chosen.processors = sorted(os.sched_getaffinity(0), reverse=True)
    if max(chosen.thread_counts) > len(chosen.processors):
        parser.error(f"--threads: expected at most {len(chosen.processors)}, the processors, got {chosen.threads}")
    if chosen.output is None:
        chosen.output = RESULTS if chosen.points == parser.get_default("points") else contestants.WORK
    return chosen


def taken(folder):
    """The results that a runner has left in a folder, which are removed: its output, and gradients by name."""

    def load(path):
        array = numpy.load(path)
        path.unlink()
        return array

    output, paths = load(folder / "y.npy"), sorted(folder.glob("gradient_*.npy"))
    return {"output": output, "gradients": {path.stem.removeprefix("gradient_"): load(path) for path in paths}}


def measure(case, keys, processors, rounds, seconds):
    """Runs the contestants on a case in turns: for each that took part what it took in each round, or how it failed."""
    results, runners = {key: {"rounds": []} for key in keys}, {}

    def prepare(key):
        runners[key] = contestants.Runner(contestants.CONTESTANTS[key], case, folder, processors)
        results[key] |= runners[key].start()
        if complaint := expectation.complaint(**taken(folder)):
            raise contestants.RunnerFailure(complaint)

    def take_turn(key):
        results[key]["rounds"].append(runners[key].time(seconds))

    def each(action, turn=0):
        able = [key for key, result in results.items() if not {"failure", "unsupported"} & result.keys()]
        # Nobody always comes after the same one.
        for key in able[turn:] + able[:turn]:
            try:
                action(key)
            except contestants.Unsupported as reason:
                results[key] = {"unsupported": str(reason)}
            except contestants.RunnerFailure as failure:
                results[key]["failure"] = str(failure)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expectation = agreement.Expectation(case, case.write(folder))
        try:
            each(prepare)
            for turn in range(rounds):
                each(take_turn, turn % len(keys))
        finally:
            for runner in runners.values():
                runner.close()
    for result in results.values():
        if result.get("rounds"):
            result["median"] = statistics.median(times["median"] for times in result["rounds"])
            result["minimum"] = min(times["minimum"] for times in result["rounds"])
    return results


def run(chosen, say):
    """Runs all sections, each line of its table said as soon as it is known; the rows, and the limits by threads."""
    points = [case for section in chosen.sections for case in section.cases]
    bounds = {
        threads: limits.Limits(points, chosen.processors[:threads])
        for threads in sorted({section.threads for section in chosen.sections})
    }
    rows = []
    for section in chosen.sections:
        limit = bounds[section.threads]
        say(f"\n## {section.title}\n\n{limit.line[0].upper()}{limit.line[1:]}.\n\n{report.head(chosen.keys)}")
        table = []
        for case in section.cases:
            processors = chosen.processors[: section.threads]
            results = measure(case, chosen.keys, processors, chosen.rounds, chosen.seconds)
            row = {"case": case, "threads": section.threads, "limit": limit.seconds(case), "results": results}
            table.append(row)
            say(report.line(row, chosen.keys))
            for key, result in results.items():
                if "failure" in result:
                    print(f"FAILED: {contestants.CONTESTANTS[key].name}: {result['failure']}", file=sys.stderr)
        say(report.means(table, chosen.keys))
        rows += table
    return rows, bounds


def main():
    chosen = options()
    contestants.build(chosen.keys)
    date = datetime.date.today().isoformat()
    describe = ["git", "describe", "--always", "--dirty"]
    revision = subprocess.run(describe, capture_output=True, text=True, cwd=contestants.HERE).stdout.strip()
    lines = []

    def say(text):
        lines.append(text)
        print(text, flush=True)

    say(f"# Recurrent and its peers, {date}\n")
    say(f"{chosen.machine}, processors: {len(chosen.processors)}; revision {revision or 'unknown'}.")
    own = contestants.CONTESTANTS[chosen.keys[0]].name
    say(
        "\nEach row is one call of one layer in float32: medians in µs. In brackets is the time divided by\n"
        f"{own}'s, so that a number above 1 means that {own} was faster. The README of\n"
        "`Benchmarks/Results` explains the columns."
    )
    rows, bounds = run(chosen, say)
    say("\n## Versions and settings")
    for line in report.settings(rows, chosen.keys):
        say(line)

    place = Path(machine.folder(chosen.machine)) / date / "-".join(["peers", *chosen.kinds])
    path, figures = chosen.output / place, (contestants.WORK / place).with_suffix(".json")
    for folder in {path.parent, figures.parent}:
        folder.mkdir(parents=True, exist_ok=True)
    for cell in cases.GATES:
        pictures = [path.with_name(f"{path.name}-{cell}{suffix}") for suffix in (".svg", ".png")]
        title = f"Time per step, {cases.TITLES[cell]}, forward, one thread: {chosen.machine}, {date}"
        if plot.draw(rows, cell, chosen.keys, title, pictures):
            say(f"\n![{title}]({pictures[0].name})")
    path.with_suffix(".md").write_text("\n".join(lines) + "\n")
    record = {
        "machine": chosen.machine,
        "processors": len(chosen.processors),
        "date": date,
        "revision": revision,
        "seconds": chosen.seconds,
        "limits": {threads: vars(limit) for threads, limit in bounds.items()},
        "rows": report.plain(rows),
    }
    figures.write_text(json.dumps(record, indent=1) + "\n")
    print(f"\nwritten: {path}.* and {figures}")
    return any("failure" in result for row in rows for result in row["results"].values())


if __name__ == "__main__":
    sys.exit(main())
