"""A runner in numpy, for the tests of the harness. Its argument before the folder says what is wrong with it."""

import sys
from pathlib import Path

import numpy

RUNNERS = Path(__file__).resolve().parents[2] / "runners"
sys.path.insert(0, str(RUNNERS))
sys.argv, fault = [sys.argv[0], sys.argv[-1]], sys.argv[1]

import protocol  # noqa: E402

arguments = protocol.Arguments(passes=("forward", "stream"), cells=("rnn", "lstm"), weights=("float", "int8"))
x = arguments.array("x")
w, r, b, c = (arguments.array(name) for name in protocol.WEIGHTS)


def coarse(array, steps=127):
    """The array on a grid with so many steps on each side of 0."""
    scale = numpy.abs(array).max() / steps
    return numpy.float32(scale) * numpy.round(array / scale)


if arguments.weights == "int8":
    steps = 7 if fault == "coarse" else 127
    w, r = coarse(w, steps), coarse(r, steps)


def sigmoid(a):
    return (1 + numpy.tanh(a / 2)) / 2


def call():
    """The outputs, or what the fault makes of them."""
    h = cell = numpy.zeros((x.shape[1], r.shape[1]), x.dtype)
    outputs = []
    for row in x:
        pre_activations = row @ w.T + b + h @ r.T + c
        if arguments.cell == "rnn":
            h = numpy.tanh(pre_activations)
        else:
            i, f, g, o = numpy.split(pre_activations, 4, axis=-1)
            if fault == "gates":
                f, g = g, f
            cell = sigmoid(f) * cell + sigmoid(i) * numpy.tanh(g)
            h = sigmoid(o) * numpy.tanh(cell)
        outputs.append(h)
    y = numpy.stack(outputs)
    if fault == "one element":
        y[-1, -1, -1] += 1e-4
    if fault == "NaN":
        y[0, 0, 0] = numpy.nan
    return y.astype(numpy.float64) if fault == "double" else y


def results(y):
    return {} if fault == "no results" else {"y": y}


if fault == "ends":
    sys.exit("it was told to end")
if fault == "mute":
    sys.stdin.readline()
if fault == "babble":
    print("good morning", flush=True)
if fault == "lies":
    numpy.save(f"{arguments.folder}/results/y.npy", call())
    print("ready 1.0", flush=True)
    sys.stdin.readline()
    print("times 5 0 0", flush=True)
protocol.serve(arguments, f"1.0, {fault}", call, results)
