"""What is compared: layers of the field's shapes, and the files in which a runner gets one."""

from dataclasses import dataclass, replace

import numpy
import safetensors.numpy

# G, the gates of a cell: its weights are [G·H, I] and [G·H, H].
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
PASSES = ("forward", "training")
TITLES = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU", "forward": "forward", "training": "forward and backward"}


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

    @property
    def gates(self):
        return GATES[self.cell]

    def arrays(self):
        """Input and weights under their files' names: x normal, weights uniform in ±1/√H as PyTorch draws them."""
        generator = numpy.random.default_rng(20)
        bound = self.hidden_size**-0.5
        rows = self.gates * self.hidden_size
        shapes = {
            "weight_ih": (rows, self.input_size),
            "weight_hh": (rows, self.hidden_size),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
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

# Points by what they cost: one row, few rows, many rows.
TRAINING_GRID = [GRID[index] for index in (1, 3, 4, 7, 8, 10, 11, 12, 13, 14)]
GATED_GRID = [GRID[index] for index in (1, 3, 5, 8, 10, 11, 12, 13)]
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

PRESETS = ("grid", "curves", "quick")


@dataclass(frozen=True)
class Section:
    """Points that are compared on some threads."""

    title: str
    threads: int
    cases: list


def sections(text, cells, passes, thread_counts, fail):
    """The sections of `--points` for each cell and pass: all points on each number of threads, and then, of the forward
    pass, what the curves need beside."""
    found = []
    for cell in cells:
        for pass_name in passes:
            words = text.split()
            points = [case for word in words if word != "curves" for case in _cases(word, cell, pass_name, fail)]
            points = list(dict.fromkeys(points))
            title = f"{TITLES[cell]}, {TITLES[pass_name]}"
            found += [Section(f"{title}, {_threads(count)}", count, points) for count in thread_counts if points]
            if "curves" in words and pass_name == "forward":
                known = points if 1 in thread_counts else []
                others = [case for case in _of(CURVES, cell, pass_name) if case not in known]
                found.append(Section(f"{title}, one thread: the other points of the plot", 1, others))
    return found


def _cases(word, cell, pass_name, fail):
    """The points that a word of `--points` means."""
    if word == "quick":
        return _of(QUICK, cell, pass_name)
    if word == "grid":
        grid = GATED_GRID if cell != "rnn" else GRID if pass_name == "forward" else TRAINING_GRID
        return _of(grid, cell, pass_name)
    try:
        return [Case(*map(int, word.split(",")), cell=cell, pass_name=pass_name)]
    except (TypeError, ValueError):
        return fail(f"--points: expected T,B,I,H or one of {', '.join(PRESETS)}, got {word}")


def _of(points, cell, pass_name):
    return [replace(case, cell=cell, pass_name=pass_name) for case in points]


def _threads(count):
    return {1: "one thread", 2: "two threads"}.get(count, f"{count} threads")
