"""Whether a contestant's output is the layer's: a bound that is derived, not tuned.

Let y be the output of a contestant. Each of its steps is checked by itself: y_t against tanh(a_t), where

    a_t = W x_t + b_ih + U y_{t−1} + b_hh        (y_0 = 0)

is computed in double from the contestant's own y_{t−1}, so that no error is carried from one step to the next; an output
that satisfies this at every t is the layer's. a_t is a sum of k = I + H + 2 terms. In any order of the additions, with
products that are rounded or fused, its error in float is at most γ_k Σ|terms|, γ_k = k·u / (1 − k·u), u = 2⁻²⁴ (N. J. Higham,
"Accuracy and Stability of Numerical Algorithms", 2nd edition, lemma 3.1). |y| ≤ 1 bounds the terms of U y. tanh moves by no
more than its argument; to this come the units in the last place by which a contestant's own tanh may be off.
"""

import numpy

UNIT_ROUNDOFF = 2.0**-24
# None of the peers documents its tanh. Recurrent's is within 4.
TANH_UNITS = 16
# A bound above this would prove nothing.
VACUOUS = 0.05


class Expectation:
    """What does not depend on the contestant: W x + b for all steps, and the bound."""

    def __init__(self, arrays):
        wide = {name: array.astype(numpy.float64) for name, array in arrays.items()}
        self.recurrent = wide["weight_hh"].T
        self.projected = wide["x"] @ wide["weight_ih"].T + wide["bias_ih"] + wide["bias_hh"]
        magnitude = numpy.abs(arrays["x"]) @ numpy.abs(arrays["weight_ih"]).T
        for name in ("weight_hh", "bias_ih", "bias_hh"):
            magnitude = magnitude + numpy.abs(arrays[name]).reshape(len(self.recurrent), -1).sum(axis=1)
        terms = arrays["x"].shape[-1] + len(self.recurrent) + 2
        gamma = terms * UNIT_ROUNDOFF / (1 - terms * UNIT_ROUNDOFF)
        self.bound = gamma * magnitude + 2 * TANH_UNITS * UNIT_ROUNDOFF
        assert self.bound.max() < VACUOUS, f"a bound of {self.bound.max():.2g} proves nothing"

    def complaint(self, output):
        """What is wrong with an output, or None."""
        if output.shape != self.projected.shape or output.dtype != numpy.float32:
            return f"expected float32 {self.projected.shape}, got {output.dtype} {output.shape}"
        before = numpy.zeros(output.shape)
        before[1:] = output[:-1]
        error = numpy.abs(output - numpy.tanh(self.projected + before @ self.recurrent))
        wrong = ~(error <= self.bound)
        if not wrong.any():
            return None
        # argmax takes a NaN for the greatest.
        worst = numpy.unravel_index(numpy.argmax(error - self.bound), error.shape)
        place = ", ".join(map(str, worst))
        return (
            f"{wrong.sum()} of {wrong.size} elements are off, the worst at [{place}]: "
            f"{output[worst]}, off by {error[worst]:.2g} where {self.bound[worst]:.2g} is permitted"
        )
