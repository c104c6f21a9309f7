"""Numbers as a computation in float may have them: exact values, and how far rounding may have moved them.

u = 2⁻²⁴. A sum of k terms, in any order of the additions, with products that are rounded or fused, is off by at most

    γ_k Σ|terms|,   γ_k = k·u / (1 − k·u)

(N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, lemma 3.1), and errors of its terms come
on top. So it is with power = 1, for WORST: every error has the worst size and sign, and errors are added.

With power = 2, for PROBABLE, rounding errors are independent and of mean 0. Then a sum is off by more than
λ·√k·u·Σ|terms| with a probability below 2·exp(−λ²/2) for each of its roundings (N. J. Higham and T. Mary, "A new
approach to probabilistic rounding error analysis", SIAM Journal on Scientific Computing 41 (2019), theorem 2.4), errors
are combined as the root of the sum of their squares, and all of them are meant in units of λ. The difference matters
where a sum feeds the next one again and again: recurrent weights of ±1/√H shrink independent errors at each step, and
the sum of their absolute values, √H/2 in a row, would let the worst ones explode.
"""

from functools import cached_property

import numpy

UNIT_ROUNDOFF = 2.0**-24
WORST, PROBABLE = 1, 2
# None of the peers documents its tanh or its logistic function. Recurrent's are within 4.
ACTIVATION_UNITS = 16


class Matrix:
    """A matrix with what error bounds take of it. It is exact but for weights of few bits, whose error is given."""

    def __init__(self, array, error=None):
        self.value = array.astype(numpy.float64)
        self.error = error

    @cached_property
    def magnitude(self):
        return numpy.abs(self.value)

    @cached_property
    def square(self):
        return self.value**2

    @cached_property
    def transpose(self):
        return Matrix(self.value.T, None if self.error is None else self.error.T)

    def raised(self, power):
        """Each magnitude to the power."""
        return self.magnitude if power == WORST else self.square


class Approximation:
    """An array, and how far each element may be off."""

    def __init__(self, value, error, power):
        self.value, self.error, self.power = value, error, power

    @classmethod
    def exact(cls, array, power):
        return cls(array.astype(numpy.float64), 0.0, power)

    @classmethod
    def stack(cls, parts):
        """Along a new first axis."""
        return cls(*(numpy.stack([getattr(part, name) for part in parts]) for name in _PARTS), parts[0].power)

    @classmethod
    def concatenate(cls, parts):
        """Along the last axis."""
        joined = (numpy.concatenate([getattr(part, name) for part in parts], axis=-1) for name in _PARTS)
        return cls(*joined, parts[0].power)

    def __getitem__(self, index):
        return Approximation(self.value[index], self.error if self.is_exact else self.error[index], self.power)

    def rows(self):
        """As a matrix whose columns are what was the last axis."""
        size = self.value.shape[-1]
        error = self.error if self.is_exact else self.error.reshape(-1, size)
        return Approximation(self.value.reshape(-1, size), error, self.power)

    def transposed(self):
        return Approximation(self.value.T, self.error if self.is_exact else self.error.T, self.power)

    def __add__(self, other):
        value = self.value + other.value
        return self._rounded(value, self.error, other.error)

    def __sub__(self, other):
        value = self.value - other.value
        return self._rounded(value, self.error, other.error)

    def __mul__(self, other):
        value = self.value * other.value
        return self._rounded(value, numpy.abs(other.value) * self.error, numpy.abs(self.value) * other.error)

    def complement(self):
        """1 − a."""
        return self._rounded(1 - self.value, self.error)

    def complement_of_square(self):
        """1 − a², with a rounding for the square."""
        return self._rounded(
            1 - self.value**2, 2 * numpy.abs(self.value) * self.error, UNIT_ROUNDOFF * self.value**2
        )

    def tanh(self):
        """It moves by no more than its argument."""
        return self._activated(numpy.tanh(self.value), self.error)

    def sigmoid(self):
        """It moves by no more than a quarter of its argument. 1 / (1 + exp(−a)) = (1 + tanh(a/2)) / 2."""
        return self._activated((1 + numpy.tanh(self.value / 2)) / 2, self.error / 4)

    @property
    def is_exact(self):
        return numpy.ndim(self.error) == 0

    def _activated(self, value, error):
        # A unit in the last place of a result is at most 2u of it.
        units = 2 * ACTIVATION_UNITS * UNIT_ROUNDOFF * numpy.abs(value)
        return Approximation(value, combined(self.power, error, units), self.power)

    def _rounded(self, value, *errors):
        return Approximation(value, combined(self.power, *errors, UNIT_ROUNDOFF * numpy.abs(value)), self.power)


_PARTS = ("value", "error")


def combined(power, *errors):
    """Several errors of one number."""
    if power == WORST:
        return sum(errors)
    return numpy.sqrt(sum(error**2 for error in errors))


def total(products, *others):
    """One sum for each element: products of an approximation with a matrix, and approximations beside."""
    power = products[0][0].power
    value = sum(factor.value @ matrix.value for factor, matrix in products)
    magnitude = sum(numpy.abs(factor.value) @ matrix.magnitude for factor, matrix in products)
    value = value + sum(other.value for other in others)
    magnitude = magnitude + sum(numpy.abs(other.value) for other in others)
    terms = sum(len(matrix.value) for _, matrix in products) + len(others)
    errors = [_gamma(terms, power) * magnitude, *(other.error for other in others)]
    for factor, matrix in products:
        if not factor.is_exact:
            errors.append((factor.error**power @ matrix.raised(power)) ** (1 / power))
        if matrix.error is not None:
            errors.append((numpy.abs(factor.value) ** power @ matrix.error**power) ** (1 / power))
    return Approximation(value, combined(power, *errors), power)


def _gamma(terms, power):
    if power == WORST:
        return terms * UNIT_ROUNDOFF / (1 - terms * UNIT_ROUNDOFF)
    return terms**0.5 * UNIT_ROUNDOFF
