"""The least time that the processor permits, from what one of its cores was measured to do."""

import json
import os
import subprocess

import contestants


class Limits:
    """What one core can do: multiply-adds in registers, and reading a block of memory again and again."""

    def __init__(self, processor):
        program = contestants.WORK / "limits"
        contestants.compile_cpp("limits.cpp", program, ["-O3", "-march=native"])
        measured = json.loads(
            subprocess.run(
                [program],
                check=True,
                capture_output=True,
                text=True,
                preexec_fn=lambda: os.sched_setaffinity(0, [processor]),
            ).stdout
        )
        self.operations_per_second = measured["operationsPerSecond"]
        self.bytes_per_second = {int(size): rate for size, rate in measured["bytesPerSecond"].items()}

    def seconds(self, case, threads):
        """The least time of a call: the input product at the multiply-add peak, and each step's recurrent product at
        that peak or reading its weights, whichever takes longer. Each thread has an equal share of both."""
        input_operations = 2 * case.rows * case.hidden_size * case.input_size / threads
        operations = 2 * case.rows * case.hidden_size**2 / threads
        bytes_read = 4 * case.hidden_size**2 / threads
        recurrent = max(operations / self.operations_per_second, bytes_read / self.bandwidth(bytes_read))
        return case.steps * (input_operations / self.operations_per_second + recurrent)

    def bandwidth(self, size):
        """Bytes per second from a block of that size: of the least measured block that holds it."""
        held = [rate for measured, rate in sorted(self.bytes_per_second.items()) if measured >= size]
        return held[0] if held else self.bytes_per_second[max(self.bytes_per_second)]
