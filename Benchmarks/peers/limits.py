"""The least time that the processor permits, from the roofline that `recurrent bench` measures."""

import json
import os
import subprocess

import contestants


class Limits:
    """What some threads can do together: multiply-adds in registers, and reading recurrent weights step by step."""

    def __init__(self, hidden_sizes, processors):
        self.peak = 0  # operations per second
        self.levels = {}  # bytes per second from each level of the memory
        self.weights = {}  # bytes per second of reading W_hh, for each hidden size
        for hidden_size in sorted(set(hidden_sizes)):
            measured = _bench(hidden_size, processors)
            # Nothing that disturbs a measurement makes it greater.
            self.peak = max(self.peak, 1e9 * measured["peakGigaflopsPerSecond"])
            for level, rate in measured["bandwidthGigabytesPerSecond"].items():
                self.levels[level] = max(self.levels.get(level, 0), 1e9 * rate)
            self.weights[hidden_size] = 1e9 * measured["recurrentWeightsGigabytesPerSecond"]

    def seconds(self, case):
        """The least time of a call: the input product at the peak, and in each step the recurrent product at the
        peak or the reading of its weights, whichever takes longer."""
        hidden_size = case.hidden_size
        input_seconds = 2 * case.rows * hidden_size * case.input_size / self.peak
        product_seconds = 2 * case.rows * hidden_size**2 / self.peak
        reading_seconds = 4 * hidden_size**2 / self.weights[hidden_size]
        return case.steps * (input_seconds + max(product_seconds, reading_seconds))

    @property
    def line(self):
        levels = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in self.levels.items())
        return f"multiply-add peak {self.peak / 1e9:.0f} GFLOP/s; reading from {levels} GB/s"


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
