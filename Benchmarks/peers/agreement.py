"""Whether a contestant's results are the layer's: bounds that are derived, not tuned.

Let y be the output of a contestant. Each of its steps is checked by itself: y_t against the cell's formula in double
from the contestant's own y_{t−1} (y_0 = 0), so that no error is carried from one step to the next; an output that
satisfies this at every t is the layer's. The bound is the worst case of `rounding.py`.

Its gradients, of the sum of all outputs, are checked against the chain rule in double along the contestant's own y. The
errors of each step are carried back with the gradient, so that the bound is the probable one of `rounding.py`, times
CONFIDENCE, which an element passes by chance with a probability of 2·exp(−8²/2) = 2.5·10⁻¹⁴.

With weights of fewer bits, the output of each step is checked against the formula with the weights as they were given.
What `quantization.py` permits counts as rounding errors do: as independent ones, since the worst case of hundreds of
them would prove nothing. An element may be off by CONFIDENCE times the probable bound, and all of them together, as the
root of the mean of the squares, by that bound itself: the errors that it is made of are at most as large as it takes
them to be, and those that are spread evenly below that 1/√3 of it.
"""

import numpy
import quantization
import reference
from rounding import PROBABLE, WORST, Matrix

CONFIDENCE = 8
# A bound above this would prove nothing: of outputs, which are at most 1; of gradients, in relation to the root of the
# mean of their squares.
VACUOUS = 0.05
# The same for outputs from weights of fewer bits, in relation to the root of the mean of their squares.
VACUOUS_QUANTIZED = 0.2
OPTIONAL = {"h0"}


class Expectation:
    """A case's layer, whose results a contestant's must be."""

    def __init__(self, case, arrays):
        self._layer = reference.LAYERS[case.cell]
        self._trains = case.pass_name == "training"
        self._weights = case.weights
        self._x = arrays["x"]
        self._shape = (case.steps, case.rows, case.hidden_size)
        self._parameters = {}
        for name, array in arrays.items():
            if name != "x":
                error = quantization.weight_error(array, case.weights) if array.ndim == 2 else None
                self._parameters[name] = Matrix(array, error)

    def judge(self, results):
        """What is wrong with a contestant's results, by their files' names, or None; and the error of its outputs: the
        root of the mean of the squares of what each step adds, in relation to that of the outputs."""
        if "y" not in results:
            return "output: missing", None
        output = results["y"]
        if wrong := _form(output, self._shape) or _beyond(output):
            return f"output: {wrong}", None
        expected = self._expected(output)
        error = _size(output - expected.value) / _size(expected.value)
        check = self._rounded if self._weights == "float" else self._quantized
        if wrong := check(output, expected):
            return f"output: {wrong}", error
        gradients = {name.removeprefix("gradient_"): array for name, array in results.items() if name != "y"}
        return self._complaint_of_gradients(output, gradients) if self._trains else None, error

    def _expected(self, output):
        """Each step's output by the formula, from the contestant's own state before."""

        def operand_error(array):
            return quantization.operand_error(array, self._weights)

        power = WORST if self._weights == "float" else PROBABLE
        return self._layer(self._parameters, self._x, output, power, operand_error).output

    def _rounded(self, output, expected):
        assert expected.error.max() < VACUOUS, f"a bound of {expected.error.max():.2g} proves nothing"
        return _difference(output, expected.value, expected.error)

    def _quantized(self, output, expected):
        error, permitted = _size(output - expected.value), _size(expected.error)
        share = permitted / _size(expected.value)
        assert share < VACUOUS_QUANTIZED, f"a bound of {share:.2g} of the outputs proves nothing"
        if error > permitted:
            return f"off by {error:.2g} in the mean where {permitted:.2g} is permitted"
        return _difference(output, expected.value, CONFIDENCE * expected.error)

    def _complaint_of_gradients(self, output, gradients):
        expected = reference.gradients(self._layer(self._parameters, self._x, output, PROBABLE))
        for name, approximation in expected.items():
            if name in OPTIONAL and name not in gradients:
                continue
            value, bound = approximation.value, CONFIDENCE * approximation.error
            share = _size(bound) / _size(value)
            assert share < VACUOUS, f"gradient of {name}: a bound of {share:.2g} of it proves nothing"
            if name not in gradients:
                return f"gradient of {name}: missing"
            wrong = _form(gradients[name], value.shape) or _difference(gradients[name], value, bound)
            if wrong:
                return f"gradient of {name}: {wrong}"
        return None


def _form(array, shape):
    if array.shape != shape or array.dtype != numpy.float32:
        return f"expected float32 {shape}, got {array.dtype} {array.shape}"
    return None


def _beyond(output):
    """No cell's output is beyond 1, and one far out, or a NaN, would spoil the bound."""
    wrong = ~(numpy.abs(output) <= 2)
    return f"{wrong.sum()} of {wrong.size} elements are not in −1 … 1" if wrong.any() else None


def _difference(array, expected, bound):
    error = numpy.abs(array - expected)
    wrong = ~(error <= bound)
    if not wrong.any():
        return None
    # argmax takes a NaN for the greatest.
    worst = numpy.unravel_index(numpy.argmax(error - bound), error.shape)
    place = ", ".join(map(str, worst))
    return (
        f"{wrong.sum()} of {wrong.size} elements are off, the worst at [{place}]: "
        f"{array[worst]}, off by {error[worst]:.2g} where {bound[worst]:.2g} is permitted"
    )


def _size(array):
    """The root of the mean of the squares."""
    return float(numpy.sqrt(numpy.mean(numpy.square(array, dtype=numpy.float64))))
