"""The protocol of the runners, which README.md documents, for those in Python."""

import gc
import statistics
import sys
import time

import numpy

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Arguments:
    """The case that the harness asks for. What a runner does not have is said by `unsupported`."""

    def __init__(self, passes, cells=("rnn", "lstm", "gru"), weights=("float",)):
        self.folder = sys.argv[1]
        with open(f"{self.folder}/case.txt") as file:
            self.settings = dict(line.split() for line in file)
        self.cell, self.pass_name, self.weights = (self.settings[key] for key in ("cell", "pass", "weights"))
        self.threads = int(self.settings["threads"])
        self.trains = self.pass_name == "training"
        for what, value, known in (
            ("cell", self.cell, cells),
            ("pass", self.pass_name, passes),
            ("weights of", self.weights, weights),
        ):
            if value not in known:
                unsupported(f"this runner has no {what} {value}")

    def array(self, name):
        """The case's array of that name."""
        return numpy.load(f"{self.folder}/{name}.npy")


def unsupported(reason):
    """Says why the case cannot be run, and ends."""
    print("unsupported", reason, flush=True)
    sys.exit()


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
        numpy.save(f"{arguments.folder}/results/{name}.npy", array)
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
