"""Compares Recurrent with its peers, side by side. README.md tells how to read what it writes."""

import datetime
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import cases
import contestants
import limits
import machine
import options
import plot
import points
import report
from measuring import measure


def prose(text, indent=""):
    """A paragraph in lines that the check of the documentation permits."""
    return textwrap.fill(text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def prepared(chosen, say):
    """The contestants that can be had. The others are named; without Recurrent itself there is no comparison."""
    able = {}
    for name, contestant in chosen.items():
        reason = contestant.prepare()
        if reason is None:
            able[name] = contestant
            continue
        print(f"LEFT OUT: {contestant.name}: {reason}", file=sys.stderr)
        if not contestant.peer:
            sys.exit(1)
        say("\n" + prose(f"Left out: {contestant.name}, {' '.join(reason.split())}"))
    if not able:
        sys.exit("no contestant is left")
    return able


def run(chosen, able, say):
    """Runs all sections, each line of its table said as soon as it is known; the rows, and the limits by threads."""
    # What measures them is built with Recurrent's runner.
    has_limits = any(not contestant.peer for contestant in able.values())
    cases = [case for section in chosen.sections for case in section.cases]
    threads = sorted({section.threads for section in chosen.sections}) if has_limits else []
    bounds = {count: limits.Limits(cases, chosen.processors[:count]) for count in threads}
    rows = []
    for section in chosen.sections:
        case = section.cases[0]
        taking = {name: one for name, one in able.items() if one.takes(case.pass_name, case.weights)}
        if not taking:
            continue
        limit = bounds.get(section.threads)
        say(f"\n## {section.title}\n")
        if limit:
            say(f"{limit.line[0].upper()}{limit.line[1:]}.\n")
        say(report.head(taking))
        table = []
        for case in section.cases:
            processors = chosen.processors[: section.threads]
            results = measure(case, taking, processors, chosen.rounds, chosen.seconds)
            least = limit.seconds(case) if limit else None
            row = {"case": case, "threads": section.threads, "limit": least, "results": results}
            table.append(row)
            say(report.line(row, taking))
            for name, result in results.items():
                if "failure" in result:
                    print(f"FAILED: {taking[name].name}: {result['failure']}", file=sys.stderr)
        say(report.means(table, taking))
        rows += table
    return rows, bounds


def main():
    chosen = options.chosen()
    date = datetime.date.today().isoformat()
    describe = ["git", "describe", "--always", "--dirty"]
    revision = subprocess.run(describe, capture_output=True, text=True, cwd=contestants.HERE).stdout.strip()
    lines = []

    def say(text):
        lines.append(text)
        print(text, flush=True)

    say(f"# Recurrent and its peers, {date}\n")
    load = os.getloadavg()[0]
    say(
        f"{chosen.machine}, processors: {len(chosen.processors)}, load before {load:.1f}; "
        f"revision {revision or 'unknown'}."
    )
    able = prepared(chosen.contestants, say)
    own = able[report.first(able)].name
    say("")
    say(
        prose(
            "Each row is one call: medians in µs, of streams in ns for each step. In brackets is the time divided by "
            f"{own}'s, so that a number above 1 means that {own} was faster. The README of "
            "`Benchmarks/Results` explains the columns."
        )
    )
    rows, bounds = run(chosen, able, say)
    say("\n## Versions and settings")
    for line in report.settings(rows, able):
        say(prose(line, indent="  ") if line.startswith("-") else line)

    place = Path(machine.folder(chosen.machine)) / date / "-".join(["peers", *chosen.kinds])
    path, figures = chosen.output / place, (contestants.WORK / place).with_suffix(".json")
    for folder in {path.parent, figures.parent}:
        folder.mkdir(parents=True, exist_ok=True)
    for cell in cases.GATES:
        pictures = [path.with_name(f"{path.name}-{cell}{suffix}") for suffix in (".svg", ".png")]
        title = f"Time per step, {points.TITLES[cell]}, forward, one thread: {chosen.machine}, {date}"
        if plot.draw(rows, cell, able, title, pictures):
            say(f"\n![{title}]({pictures[0].name})")
    path.with_suffix(".md").write_text("\n".join(lines) + "\n")
    record = {
        "machine": chosen.machine,
        "processors": len(chosen.processors),
        "date": date,
        "load": load,
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
