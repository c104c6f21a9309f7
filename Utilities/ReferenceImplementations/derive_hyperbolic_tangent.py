"""Derives the constants of HyperbolicTangent.swift.

The kernels compute tanh x = 2t / (1 + t^2) from an odd rational function

    t(x) = x P(x^2) / Q(x^2) ~ tanh(x / 2),   P(0) = 1/2, Q(0) = 1.

A relative error d of t changes tanh x by d (1 - t^2) / (1 + t^2) = d / cosh x, so P and Q make
the greatest |t(x) / tanh(x / 2) - 1| / cosh x smallest, up to where tanh x rounds to 1. They are found
by Remez exchange for rational functions in 60-digit arithmetic, then rounded to the format; both errors are
printed. In Swift, P is divided by P(0) and its constant term is left to the evaluation.

Needs mpmath. Run: python derive_hyperbolic_tangent.py
"""

from mpmath import atanh, cos, cosh, floor, log, lu_solve, matrix, mp, mpf, pi, tanh

mp.dps = 60
SAMPLES = 1500


def round_to_bits(value, bits):
  """The nearest number with a significand of that many bits."""
  unit = mpf(2) ** (int(floor(log(abs(value), 2))) + 1 - bits)
  return floor(value / unit + mpf(1) / 2) * unit


def polynomial(coefficients, s):
  value = mpf(0)
  for coefficient in reversed(coefficients):
    value = value * s + coefficient
  return value


def tangent(p, q, x):
  return x * polynomial(p, x * x) / polynomial(q, x * x)


def best_tangent(counts, first, weight, end):
  """The P and Q for which |t(x) / tanh(x / 2) - 1| weight(x) is least on (0, end], and what it is.

  `counts` is how many coefficients of P and of Q are free; `first` is P(0), or None if it is free.
  """
  fixed = [] if first is None else [mpf(first)]
  size = sum(counts) + 1
  grid = [end * k / SAMPLES for k in range(1, SAMPLES + 1)]
  points = [end * (1 - cos(pi * (k + 1) / size)) / 2 for k in range(size)]
  level, q = mpf(0), [mpf(1)]
  for _ in range(40):
    # P x / tanh(x / 2) - Q = +-level Q / weight, where the product of unknowns is linearised.
    for _ in range(8):
      system, right = matrix(size, size), matrix(size, 1)
      for row, x in enumerate(points):
        scale, ratio, s = weight(x), x / tanh(x / 2), x * x
        signed = (-1) ** row * level
        for column in range(counts[0]):
          system[row, column] = scale * ratio * s ** (len(fixed) + column)
        for column in range(counts[1]):
          system[row, counts[0] + column] = -(scale + signed) * s ** (column + 1)
        system[row, size - 1] = -((-1) ** row) * polynomial(q, s)
        right[row] = scale + signed - scale * ratio * polynomial(fixed, s)
      solution = list(lu_solve(system, right))
      p = fixed + solution[: counts[0]]
      q = [mpf(1)] + solution[counts[0] : -1]
      level += solution[-1]
      if abs(solution[-1]) < abs(level) * mpf(10) ** -12:
        break
    errors = [(tangent(p, q, x) / tanh(x / 2) - 1) * weight(x) for x in grid]
    greatest = max(abs(error) for error in errors)
    if greatest <= abs(level) * mpf("1.002"):
      return p, q, greatest
    points = alternating_extrema(grid, errors, size)
  raise ArithmeticError("the exchange does not converge")


def alternating_extrema(grid, errors, count):
  """The points of `count` successive extrema, alternating in sign."""
  extrema = []
  for x, error in zip(grid, errors):
    if extrema and (error > 0) == (extrema[-1][1] > 0):
      if abs(error) > abs(extrema[-1][1]):
        extrema[-1] = (x, error)
    else:
      extrema.append((x, error))
  while len(extrema) > count:
    extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
  return [x for x, _ in extrema]


def show(label, value):
  print(f"  {label:11} {float(value).hex():24} {float(value)!r}")


def derive(name, bits, counts, end):
  """Prints the coefficients, and the relative error that tanh then has."""
  p, q, best = best_tangent(counts, "0.5", lambda x: 1 / cosh(x), end)
  p, q = ([round_to_bits(c, bits) for c in coefficients] for coefficients in (p, q))
  error = mpf(0)
  for k in range(1, SAMPLES + 1):
    x = end * k / SAMPLES
    t = tangent(p, q, x)
    error = max(error, abs(2 * t / (1 + t * t) / tanh(x) - 1))
  print(f"{name}: greatest relative error 2^{float(log(best, 2)):.2f}, "
        f"with rounded coefficients 2^{float(log(error, 2)):.2f}")
  for label, coefficients in [("P", p), ("Q", q)]:
    for power, coefficient in enumerate(coefficients):
      show(f"{label}[{power}]", coefficient)


def main():
  for name, bits, counts in [("Float", 24, (2, 3)), ("Double", 53, (6, 6))]:
    # From here on tanh x is closer to 1 than to the number below.
    end = atanh(1 - mpf(2) ** -(bits + 1))
    derive(name, bits, counts, end)


if __name__ == "__main__":
  main()
