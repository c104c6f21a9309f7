"""The protocol of the runners, for those in Python.

A runner is a process that the driver starts with the arguments FOLDER CELL PASS THREADS. It reads the case from the
folder, computes once, and writes what it has computed there: the output, y.npy, and for the pass `training` the
gradients of the sum of all outputs, gradient_NAME.npy with NAME as the files of the case are called (gradient_h0.npy,
of the initial state [B, H], if it likes). Then it answers in lines:

    ready VERSION, SETTING         the results are written; or `unsupported REASON`, and it ends

Then it waits on standard input, and ends with it:

    time SECONDS                   call once untimed, then at least twice and until SECONDS have passed
    times COUNT MEDIAN MINIMUM     its answer, in seconds for each whole call

A call is the whole pass, with everything that is written after it.
"""

import gc
import statistics
import sys
import time

import numpy

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Arguments:
    """What the driver asks for, which must be one of the passes that a runner has."""

    def __init__(self, passes):
        self.folder, self.cell, self.pass_name, threads = sys.argv[1:]
        self.threads = int(threads)
        self.trains = self.pass_name == "training"
        if self.pass_name not in passes:
            print(f"unsupported this runner has no pass {self.pass_name}", flush=True)
            sys.exit()

    def array(self, name):
        """The case's array of that name."""
        return numpy.load(f"{self.folder}/{name}.npy")


def fastest(calls):
    """Of several ways to call a peer, by name, the one whose least time is the least: its name and call."""
    least = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()
    end = time.perf_counter() + 0.2
    for turn in range(100):
        if turn >= 1 and time.perf_counter() > end:
            break
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            least[name] = min(least[name], time.perf_counter() - start)
    name = min(least, key=least.get)
    return name, calls[name]


def serve(arguments, version, call, arrays):
    """Runs the protocol around `call`; `arrays` makes arrays of its result, by the names of their files."""
    for name, array in arrays(call()).items():
        numpy.save(f"{arguments.folder}/{name}.npy", array)
    gc.collect()
    gc.disable()
    print("ready", version, flush=True)
    for line in sys.stdin:
        word, seconds = line.split()
        assert word == "time", line
        call()
        times = []
        end = time.perf_counter() + float(seconds)
        while len(times) < 2 or time.perf_counter() < end:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        print("times", len(times), statistics.median(times), min(times), flush=True)
