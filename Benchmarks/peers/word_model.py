"""A training step of a word model: two layers, a linear one over all words, softmax cross-entropy, and an update.

The words' vectors are the input itself, dense, so that libraries without a table of them can take part.

    a = LSTM(LSTM(x)),  z = a·Wᵀ + b,  loss = −mean log softmax(z)[target],  every parameter p −= LEARNING_RATE · ∂loss/∂p

What a contestant computes, the loss and all parameters after the step, is compared with the same step in double. How
far it may be off is measured, not bounded: by a plain computation in float of the same formulas, whose errors are those
of honest rounding. Of each array the root of the mean square of a contestant's errors may be CONFIDENCE times as large.
"""

from dataclasses import dataclass

import numpy
import safetensors.numpy
from cases import GATES, layer_arrays

LEARNING_RATE = 0.1
# As in agreement.py: so much more than what rounding explains is no rounding.
CONFIDENCE = 8
# Permitted errors may be at most this part of what the step changes.
VACUOUS = 0.05


@dataclass(frozen=True)
class WordModel:
    """T steps of B rows, I features of a word's vector, H units in each of L layers, V words."""

    steps: int = 35
    rows: int = 20
    input_size: int = 200
    hidden_size: int = 200
    layers: int = 2
    classes: int = 10_000
    cell: str = "lstm"
    pass_name: str = "model"
    weights: str = "float"

    @property
    def name(self):
        sizes = (self.steps, self.rows, self.input_size, self.hidden_size)
        return f"{', '.join(map(str, sizes))}; L {self.layers}, V {self.classes:,}"

    @property
    def gates(self):
        return GATES[self.cell]

    @property
    def settings(self):
        return {"learning-rate": LEARNING_RATE}

    @property
    def recurrent_weights(self):
        return self.gates * self.hidden_size**2

    def products(self):
        """The multiply-adds of a time step for the inputs of layers and of the linear one, and for the states."""
        inputs = self.input_size + (self.layers - 1) * self.hidden_size
        fed = self.rows * self.hidden_size * (self.gates * inputs + self.classes)
        return fed, self.rows * self.layers * self.recurrent_weights

    def arrays(self):
        """Input, targets and parameters, these under PyTorch's names in a module with the members lstm and head."""
        generator = numpy.random.default_rng(21)
        arrays = {}
        for layer in range(self.layers):
            width = self.hidden_size if layer else self.input_size
            made = layer_arrays(generator, self.gates, width, self.hidden_size)
            arrays |= {f"lstm.{name}_l{layer}": array for name, array in made.items()}
        bound = self.hidden_size**-0.5
        arrays["head.weight"] = generator.uniform(-bound, bound, (self.classes, self.hidden_size))
        arrays["head.bias"] = generator.uniform(-bound, bound, self.classes)
        arrays["x"] = generator.standard_normal((self.steps, self.rows, self.input_size))
        arrays = {name: array.astype(numpy.float32) for name, array in arrays.items()}
        arrays["targets"] = generator.integers(self.classes, size=(self.steps, self.rows), dtype=numpy.int32)
        return arrays

    def write(self, folder):
        """Writes input and targets to the folder, and all parameters in one file, and returns the arrays."""
        arrays = self.arrays()
        for name in ("x", "targets"):
            numpy.save(folder / f"{name}.npy", arrays[name])
        safetensors.numpy.save_file(_parameters(arrays), folder / "model.safetensors")
        return arrays


class Expectation:
    """What a step of a word model computes."""

    def __init__(self, case, arrays):
        self._before = _parameters(arrays)
        self._expected = step(arrays, case.layers, numpy.float64)
        plain = step(arrays, case.layers, numpy.float32)
        self._permitted = {}
        for name, expected in self._expected.items():
            self._permitted[name] = CONFIDENCE * _size(plain[name] - expected)
            change = _size(expected - self._before[name]) if name in self._before else _size(expected)
            share = self._permitted[name] / change
            assert share < VACUOUS, f"{name}: what is permitted, {share:.2g} of it, proves nothing"
        # A mean is rounded once and may be exact by chance.
        self._permitted["loss"] += CONFIDENCE * 2.0**-24 * abs(float(self._expected["loss"]))

    def judge(self, results):
        """What is wrong with a contestant's results, or None; and the greatest error among the parameters' changes."""
        errors = []
        for name, expected in self._expected.items():
            file = "loss" if name == "loss" else f"parameter_{name}"
            if file not in results:
                return f"{file}: missing", None
            found = results[file]
            if found.size != expected.size or found.dtype != numpy.float32:
                return f"{file}: expected float32 {expected.shape}, got {found.dtype} {found.shape}", None
            error = _size(found.reshape(expected.shape) - expected)
            if not error <= self._permitted[name]:
                return f"{file}: off by {error:.2g} where {self._permitted[name]:.2g} is permitted", None
            if name != "loss":
                errors.append(error / _size(expected - self._before[name]))
        return None, max(errors)


def step(arrays, layers, dtype):
    """The loss and the parameters after one step, computed in a number type."""
    parameters = {name: array.astype(dtype) for name, array in _parameters(arrays).items()}
    hidden, saved = arrays["x"].astype(dtype), []
    for layer in range(layers):
        weights = [parameters[f"lstm.{name}_l{layer}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        output, gates, cells = _forward(hidden, *weights)
        saved.append((hidden, output, gates, cells, weights))
        hidden = output
    rows = hidden.reshape(-1, hidden.shape[-1])
    logits = rows @ parameters["head.weight"].T + parameters["head.bias"]
    logits -= logits.max(axis=-1, keepdims=True)
    targets = arrays["targets"].reshape(-1)
    each = numpy.arange(len(targets))
    exponentials = numpy.exp(logits)
    sums = exponentials.sum(axis=-1, keepdims=True)
    result = {"loss": (numpy.log(sums[:, 0]) - logits[each, targets]).mean()}
    gradient = exponentials / sums
    gradient[each, targets] -= 1
    gradient /= len(targets)
    gradients = {"head.weight": gradient.T @ rows, "head.bias": gradient.sum(axis=0)}
    above = (gradient @ parameters["head.weight"]).reshape(hidden.shape)
    for layer in reversed(range(layers)):
        above, *found = _backward(above, *saved[layer])
        names = (f"lstm.{name}_l{layer}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        gradients |= dict(zip(names, found))
    rate = dtype(LEARNING_RATE)
    return result | {name: parameter - rate * gradients[name] for name, parameter in parameters.items()}


def _sigmoid(x):
    return (1 + numpy.tanh(x / 2)) / 2


def _forward(x, weight_ih, weight_hh, bias_ih, bias_hh):
    """A layer's outputs; the gates i, f, g, o and the cell states of all steps."""
    projected = x @ weight_ih.T + (bias_ih + bias_hh)
    h = cell = numpy.zeros_like(projected[0, :, : weight_hh.shape[1]])
    outputs, gates, cells = [], [], []
    for t in range(len(x)):
        i, f, g, o = numpy.split(projected[t] + h @ weight_hh.T, 4, axis=-1)
        i, f, g, o = _sigmoid(i), _sigmoid(f), numpy.tanh(g), _sigmoid(o)
        cell = f * cell + i * g
        h = o * numpy.tanh(cell)
        outputs.append(h)
        gates.append((i, f, g, o))
        cells.append(cell)
    return numpy.stack(outputs), gates, cells


def _backward(above, x, output, gates, cells, weights):
    """The gradients with respect to a layer's input and parameters, from that of its outputs; deltas are those of the
    pre-activations."""
    weight_ih, weight_hh = weights[:2]
    zeros = numpy.zeros_like(output[0])
    h_gradient = cell_gradient = zeros
    deltas = [None] * len(x)
    for t in reversed(range(len(x))):
        i, f, g, o = gates[t]
        squashed = numpy.tanh(cells[t])
        h_gradient = h_gradient + above[t]
        cell_gradient = cell_gradient + h_gradient * o * (1 - squashed**2)
        before = cells[t - 1] if t else zeros
        parts = (
            cell_gradient * g * i * (1 - i),
            cell_gradient * before * f * (1 - f),
            cell_gradient * i * (1 - g**2),
            h_gradient * squashed * o * (1 - o),
        )
        deltas[t] = numpy.concatenate(parts, axis=-1)
        h_gradient = deltas[t] @ weight_hh
        cell_gradient = cell_gradient * f
    deltas = numpy.stack(deltas)
    flat = deltas.reshape(-1, deltas.shape[-1])
    earlier = numpy.concatenate([zeros[None], output[:-1]]).reshape(len(flat), -1)
    bias = flat.sum(axis=0)
    return deltas @ weight_ih, flat.T @ x.reshape(len(flat), -1), flat.T @ earlier, bias, bias


def _parameters(arrays):
    return {name: array for name, array in arrays.items() if name not in ("x", "targets")}


def _size(array):
    """The root of the mean square."""
    return float(numpy.sqrt(numpy.mean(numpy.square(array, dtype=numpy.float64))))
