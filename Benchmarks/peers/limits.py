"""The least time that the processor permits, from the roofline that `recurrent bench` measures."""

import json
import os
import subprocess

import contestants


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
        weights = case.gates * case.hidden_size**2
        input_seconds = 2 * case.rows * case.gates * case.hidden_size * case.input_size / self.peak
        product_seconds = 2 * case.rows * weights / self.peak
        step = max(product_seconds, 4 * weights / self.weights[_root(case)])
        if case.pass_name == "training":
            return case.steps * (3 * input_seconds + product_seconds + 2 * step)
        return case.steps * (input_seconds + step)

    @property
    def line(self):
        levels = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in self.levels.items())
        return f"multiply-add peak {self.peak / 1e9:.0f} GFLOP/s; reading from {levels} GB/s"


def _root(case):
    """The hidden size of a cell with one gate whose recurrent weights are as many as those of the case."""
    return round(case.hidden_size * case.gates**0.5)


def _bench(hidden_size, processors):
    """The row of one step of one row, on as many threads as there are processors."""
    sizes = f"--sequence-length 1 --batch-size 1 --input-size 1 --hidden-size {hidden_size}"
    command = f"{contestants.RECURRENT_COMMAND} bench --json --backend swift --seconds 0.01 {sizes}"
    result = subprocess.run(
        [*command.split(), "--threads", str(len(processors))],
        check=True,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),
    )
    return json.loads(result.stdout)
