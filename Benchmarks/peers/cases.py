"""What is compared: layers of the field's shapes, and the files in which a runner gets one."""

from dataclasses import dataclass

import numpy
import safetensors.numpy


@dataclass(frozen=True)
class Case:
    """One call of one layer: T steps of B rows, I features of input and H of the state."""

    steps: int
    rows: int
    input_size: int
    hidden_size: int
    cell: str = "rnn"
    pass_name: str = "forward"

    @property
    def name(self):
        return f"{self.steps}, {self.rows}, {self.input_size}, {self.hidden_size}"

    def arrays(self):
        """Input and weights under their files' names: x normal, weights uniform in ±1/√H as PyTorch draws them."""
        generator = numpy.random.default_rng(20)
        bound = self.hidden_size**-0.5
        shapes = {
            "weight_ih": (self.hidden_size, self.input_size),
            "weight_hh": (self.hidden_size, self.hidden_size),
            "bias_ih": (self.hidden_size,),
            "bias_hh": (self.hidden_size,),
        }
        arrays = {name: generator.uniform(-bound, bound, shape) for name, shape in shapes.items()}
        arrays["x"] = generator.standard_normal((self.steps, self.rows, self.input_size))
        return {name: array.astype(numpy.float32) for name, array in arrays.items()}

    def write(self, folder):
        """Writes the arrays to the folder, the weights also in one file under PyTorch's names, and returns them."""
        arrays = self.arrays()
        for name, array in arrays.items():
            numpy.save(folder / f"{name}.npy", array)
        weights = {f"{name}_l0": array for name, array in arrays.items() if name != "x"}
        safetensors.numpy.save_file(weights, folder / "model.safetensors")
        return arrays


GRID = [
    Case(100, 1, 16, 16),
    Case(100, 1, 64, 64),
    Case(100, 1, 128, 128),
    Case(100, 1, 256, 256),
    Case(100, 1, 512, 512),
    Case(50, 1, 1024, 1024),
    Case(50, 1, 2048, 2048),
    Case(10, 3, 100, 20),
    Case(1000, 1, 1, 32),
    Case(1000, 4, 1, 64),
    Case(100, 8, 64, 64),
    Case(100, 16, 128, 128),
    Case(100, 32, 256, 256),
    Case(50, 64, 512, 512),
    Case(20, 64, 1024, 1024),
    Case(20, 128, 1024, 1024),
    Case(20, 128, 2048, 2048),
]

QUICK = [GRID[1], GRID[4], GRID[7], GRID[11], GRID[12]]

# Of the plot: every power of two, with fewer steps where a step takes long. The grid's own points are among them.
CURVES = [
    Case(steps, rows, size, size)
    for rows, steps_of_size in [
        (1, {16: 100, 32: 100, 64: 100, 128: 100, 256: 100, 512: 100, 1024: 50, 2048: 50}),
        (16, {16: 100, 32: 100, 64: 100, 128: 100, 256: 100, 512: 50, 1024: 20, 2048: 20}),
        (64, {16: 100, 32: 100, 64: 100, 128: 100, 256: 50, 512: 50, 1024: 20, 2048: 10}),
    ]
    for size, steps in steps_of_size.items()
]

PRESETS = {"grid": GRID, "curves": CURVES, "quick": QUICK}


@dataclass(frozen=True)
class Section:
    """Points that are compared on some threads."""

    title: str
    threads: int
    cases: list


def sections(text, thread_counts, fail):
    """The sections of `--points`: all points on each number of threads, and then what the curves need beside."""
    words = text.split()
    points = []
    for word in words:
        if word == "curves":
            continue
        try:
            points += PRESETS[word] if word in PRESETS else [Case(*map(int, word.split(",")))]
        except (TypeError, ValueError):
            fail(f"--points: expected T,B,I,H or one of {', '.join(PRESETS)}, got {word}")
    points = list(dict.fromkeys(points))
    found = [Section(f"Forward, {_threads(count)}", count, points) for count in thread_counts if points]
    if "curves" in words:
        others = [case for case in CURVES if case not in points or 1 not in thread_counts]
        found.append(Section("Forward, one thread: the other points of the plot", 1, others))
    return found


def _threads(count):
    return {1: "one thread", 2: "two threads"}.get(count, f"{count} threads")
