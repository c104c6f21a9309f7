"""The least time that the processor permits, from the roofline that `recurrent bench` measures."""

import json
import os
import subprocess

import contestants
from cases import WEIGHTS

RECURRENT_COMMAND = contestants.HERE / "recurrent-runner/.build/release/recurrent"


class Limits:
    """What some threads can do together: multiply-adds in registers, and reading recurrent weights step by step."""

    def __init__(self, cases, processors):
        self.peak = 0  # operations per second
        self.levels = {}  # bytes per second from each level of the memory
        self.weights = {}  # bytes per second of reading the recurrent weights, for the root of their number
        for root in sorted({_root(case) for case in cases}):
            measured = _bench(root, processors)
            # Nothing that disturbs a measurement makes it greater.
            self.peak = max(self.peak, 1e9 * measured["peakGigaflopsPerSecond"])
            for level, rate in measured["bandwidthGigabytesPerSecond"].items():
                self.levels[level] = max(self.levels.get(level, 0), 1e9 * rate)
            self.weights[root] = 1e9 * measured["recurrentWeightsGigabytesPerSecond"]

    def seconds(self, case):
        """The least time of a call: in each step the recurrent product at the peak, or the reading of its weights,
        whichever takes longer, and all other products at the peak. Training carries gradients back by one more
        recurrent product in each step, and has the input product and those of both weights' gradients beside."""
        fed, recurrent = (2 * product / self.peak for product in case.products())
        reading = recurrent / case.rows * self.peak / 2 * WEIGHTS[case.weights] / self.weights[_root(case)]
        step = max(recurrent, reading)
        if case.pass_name in ("training", "model"):
            return case.steps * (3 * fed + recurrent + 2 * step)
        return case.steps * (fed + step)

    @property
    def line(self):
        levels = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in self.levels.items())
        return f"multiply-add peak {self.peak / 1e9:.0f} GFLOP/s; reading from {levels} GB/s"


def _root(case):
    """The hidden size of a cell with one gate whose recurrent weights in float take as many bytes as those of the case
    do."""
    return round((case.recurrent_weights * WEIGHTS[case.weights] / WEIGHTS["float"]) ** 0.5)


def _bench(hidden_size, processors):
    """The row of one step of one row, on as many threads as there are processors."""
    sizes = f"--sequence-length 1 --batch-size 1 --input-size 1 --hidden-size {hidden_size}"
    command = f"{RECURRENT_COMMAND} bench --json --backend swift --seconds 0.01 {sizes}"
    result = subprocess.run(
        [*command.split(), "--threads", str(len(processors))],
        check=True,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )
    return json.loads(result.stdout)
