"""Whether a contestant's results are the layer's: bounds that are derived, not tuned.

Let y be the output of a contestant. Each of its steps is checked by itself: y_t against the cell's formula in double
from the contestant's own y_{t−1} (y_0 = 0), so that no error is carried from one step to the next; an output that
satisfies this at every t is the layer's. The bound is the worst case of `rounding.py`.

Its gradients, of the sum of all outputs, are checked against the chain rule in double along the contestant's own y. The
errors of each step are carried back with the gradient, so that the bound is the probable one of `rounding.py`, times
CONFIDENCE, which an element passes by chance with a probability of 2·exp(−8²/2) = 2.5·10⁻¹⁴.
"""

import numpy
import reference
from rounding import PROBABLE, WORST, Matrix

CONFIDENCE = 8
# A bound above this would prove nothing: of outputs, which are at most 1; of gradients, in relation to the root of the
# mean of their squares.
VACUOUS = 0.05
OPTIONAL = {"h0"}


class Expectation:
    """A case's layer, whose results a contestant's must be."""

    def __init__(self, case, arrays):
        self._layer = reference.LAYERS[case.cell]
        self._trains = case.pass_name == "training"
        self._x = arrays["x"]
        self._shape = (case.steps, case.rows, case.hidden_size)
        self._parameters = {name: Matrix(array) for name, array in arrays.items() if name != "x"}

    def complaint(self, output, gradients):
        """What is wrong with an output and, of a pass that has them, with gradients by name; or None."""
        if wrong := _form(output, self._shape) or _beyond(output):
            return f"output: {wrong}"
        expected = self._layer(self._parameters, self._x, output, WORST).output
        assert expected.error.max() < VACUOUS, f"a bound of {expected.error.max():.2g} proves nothing"
        if wrong := _difference(output, expected.value, expected.error):
            return f"output: {wrong}"
        return self._complaint_of_gradients(output, gradients) if self._trains else None

    def _complaint_of_gradients(self, output, gradients):
        expected = reference.gradients(self._layer(self._parameters, self._x, output, PROBABLE))
        for name, approximation in expected.items():
            if name in OPTIONAL and name not in gradients:
                continue
            value, bound = approximation.value, CONFIDENCE * approximation.error
            size = numpy.sqrt(numpy.mean(value**2))
            share = numpy.sqrt(numpy.mean(bound**2)) / size
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
