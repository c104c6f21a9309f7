"""What the command line chooses."""

import argparse
import os
from pathlib import Path

import cases
import contestants
import machine
import points

RESULTS = contestants.HERE.parent / "Results"


def chosen():
    """The options, checked: contestants by name, sections, processors, and the folder of the results."""
    known = contestants.registered()
    default = ",".join(name for name, contestant in known.items() if contestant.default)
    parser = argparse.ArgumentParser(
        description="Compares Recurrent with its peers, side by side. README.md tells how.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--points", default="grid curves", help=f"{', '.join(points.PRESETS)} and shapes T,B,I,H, separated by spaces")
    add("--cells", default="rnn", help=", ".join(cases.GATES))
    add("--passes", default="forward,training", help=", ".join(cases.PASSES))
    add("--weights", default="float", help=f"{', '.join(cases.WEIGHTS)}; those of fewer bits forward only")
    add("--threads", default="1,2", help="numbers of threads; the curves and streams are of one thread")
    add("--contestants", default=default, help=f"{', '.join(known)}, and files .toml that register others")
    add("--runner", action="append", default=[], metavar="NAME=COMMAND", help="a contestant that no file registers")
    add("--rounds", type=int, default=5, help="how often each contestant has its turn at a point")
    add("--seconds", type=float, default=0.2, help="how long each turn is")
    add("--machine", default=machine.name(), help="the processor's name in titles and folders")
    add("--output", type=Path, help=f"the folder of all results; {RESULTS} for whole sets of points, else .work")
    options = parser.parse_args()

    def words(option, known):
        """The words of an option."""
        found = getattr(options, option).split(",")
        for word in found:
            if word not in known:
                parser.error(f"--{option}: expected some of {', '.join(known)}, got {word}")
        return found

    try:
        options.contestants = contestants.named(options.contestants, known)
        for text in options.runner:
            options.contestants |= contestants.given(text)
    except ValueError as error:
        parser.error(str(error))
    named = {
        "cells": words("cells", cases.GATES),
        "passes": words("passes", cases.PASSES),
        "weights": words("weights", cases.WEIGHTS),
        "points": options.points.split(),
    }
    # So that the results of one run do not take the place of another's.
    others = [option for option in named if getattr(options, option) != parser.get_default(option)]
    options.kinds = [word for option in others for word in named[option] if "," not in word]
    threads = [int(count) for count in words("threads", [str(count) for count in range(1, os.cpu_count() + 1)])]
    options.sections = points.sections(**named | {"points": options.points}, threads=threads, fail=parser.error)
    if not options.sections:
        parser.error("no points: weights of fewer bits have the pass forward alone")
    # The last ones first: the first serves most interrupts.
    options.processors = sorted(os.sched_getaffinity(0), reverse=True)
    if max(threads) > len(options.processors):
        parser.error(f"--threads: expected at most {len(options.processors)}, the processors, got {options.threads}")
    if options.output is None:
        options.output = RESULTS if set(named["points"]) <= set(points.SETS) else contestants.WORK
    return options
