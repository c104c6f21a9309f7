"""Which cases are compared: the shapes by the words of `--points`, in sections of one table each."""

from dataclasses import dataclass, replace

from cases import Case
from word_model import WordModel

TITLES = {
    "rnn": "RNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "forward": "forward",
    "training": "forward and backward",
    "stream": "one row, one step at a time",
    "model": "a training step of a word model",
    "bfloat16": "bfloat16 weights",
    "int8": "8-bit weights",
}

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

# Some rows: neither a row whose weights are only read, nor products large enough to hide everything else.
MIDDLE = [
    Case(50, 5, 37, 91),
    Case(100, 16, 128, 128),
    Case(100, 16, 64, 64),
    Case(100, 4, 128, 128),
    Case(50, 4, 100, 100),
    Case(100, 7, 96, 96),
    Case(40, 24, 200, 200),
]

# A signal of one feature. The steps are those of a call; each of them is fed by itself.
STREAM = [Case(1000, 1, 1, size) for size in (8, 16, 20, 24, 32, 40, 48, 64, 128)]
QUICK_STREAM = [STREAM[1], STREAM[4], STREAM[7]]

# One row, where all that a step does is to read weights.
NARROW = GRID[4:7]

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

# Those that are whole sets, whose results are kept.
SETS = ("grid", "curves", "middle")
PRESETS = (*SETS, "quick")


@dataclass(frozen=True)
class Section:
    """Points that are compared on some threads, all of one pass and kind of weights."""

    title: str
    threads: int
    cases: list


def sections(points, cells, passes, weights, threads, fail):
    """The sections of `--points` for each kind of weights, pass and cell: all points on each number of threads, and
    then, of the forward pass, what the curves need beside."""
    found = []
    for kind in weights:
        # Weights of fewer bits are for inference.
        for pass_name in passes if kind == "float" else {"forward"} & set(passes):
            # A step of one row is one thread's work, and the word model is one of LSTMs.
            counts = threads[:1] if pass_name == "stream" else threads
            for cell in ["lstm"] if pass_name == "model" else cells:
                found += _sections(points, Case(0, 0, 0, 0, cell, pass_name, kind), counts, fail)
    return found


def _sections(text, kind, thread_counts, fail):
    """The sections of one cell, pass and kind of weights, those of a case."""
    words = text.split()
    points = [case for word in words if word != "curves" for case in _cases(word, kind, fail)]
    points = list(dict.fromkeys(points))
    title = f"{TITLES[kind.cell]}, {TITLES[kind.pass_name]}"
    if kind.weights != "float":
        title += f", {TITLES[kind.weights]}"
    found = [Section(f"{title}, {_threads(count)}", count, points) for count in thread_counts if points]
    if "curves" in words and kind.pass_name == "forward" and kind.weights == "float":
        known = points if 1 in thread_counts else []
        others = [case for case in _of(CURVES, kind) if case not in known]
        found.append(Section(f"{title}, one thread: the other points of the plot", 1, others))
    return found


def _cases(word, kind, fail):
    """The points that a word of `--points` means."""
    if kind.pass_name == "model":
        return [WordModel()] if word in PRESETS else _given(word, WordModel, fail)
    if word == "middle":
        return _of(MIDDLE, kind)
    if word in PRESETS:
        return _of(_preset(kind, word == "quick"), kind)
    return _of(_given(word, Case, fail), kind)


def _preset(kind, quick):
    """The grid of a kind of cases, or some of it."""
    if kind.pass_name == "stream":
        return QUICK_STREAM if quick else STREAM
    if kind.weights != "float":
        return NARROW[:1] if quick else NARROW
    if quick:
        return QUICK
    return GATED_GRID if kind.cell != "rnn" else GRID if kind.pass_name == "forward" else TRAINING_GRID


def _given(word, make, fail):
    try:
        sizes = [int(size) for size in word.split(",")]
        if min(sizes) < 1:
            raise ValueError
        return [make(*sizes)]
    except (TypeError, ValueError):
        return fail(f"--points: expected T,B,I,H or one of {', '.join(PRESETS)}, got {word}")


def _of(points, kind):
    return [replace(case, cell=kind.cell, pass_name=kind.pass_name, weights=kind.weights) for case in points]


def _threads(count):
    return {1: "one thread", 2: "two threads"}.get(count, f"{count} threads")
