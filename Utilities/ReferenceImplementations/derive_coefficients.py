"""Derives the constants of Exponential.swift.

With n = round(z / ln 2) and r = z - n ln 2, |r| <= ln 2 / 2, the kernels use

    e^z = 2^n (1 + q(r)),   q(r) = r + r^2 P(r) ~ e^r - 1.

P is the polynomial that makes the greatest relative error of q smallest, found by Remez exchange
in 60-digit arithmetic; then its coefficients are rounded to the format. (A coefficient enters q
at less than a fifth of the leading term, so its rounding matters little: both errors are printed.)

Needs mpmath. Run: python derive_coefficients.py
"""

from mpmath import cos, expm1, floor, ln, linspace, log, lu_solve, matrix, mp, mpf, pi, sign

mp.dps = 60
# A little more than half of ln 2, as z / ln 2 is computed inexactly and then rounded.
HALF_WIDTH = ln(2) / 2 * (1 + mpf(2) ** -10)


def round_to_bits(value, bits):
  """The nearest number with a significand of that many bits."""
  unit = mpf(2) ** (int(floor(log(abs(value), 2))) + 1 - bits)
  return floor(value / unit + mpf(1) / 2) * unit


def relative_error(coefficients, r):
  """(q(r) - (e^r - 1)) / (e^r - 1)"""
  polynomial = mpf(0)
  for coefficient in reversed(coefficients):
    polynomial = polynomial * r + coefficient
  return (r + r * r * polynomial) / expm1(r) - 1


def best_coefficients(degree, grid):
  """The minimax coefficients of P, lowest power first, and the greatest relative error of q."""
  count = degree + 2
  points = [HALF_WIDTH * cos(pi * (2 * k + 1) / (2 * count)) for k in range(count)]
  points = [point if abs(point) > HALF_WIDTH / 99 else HALF_WIDTH / 99 for point in points]
  for _ in range(30):
    system, right = matrix(count, count), matrix(count, 1)
    for row, r in enumerate(points):
      for power in range(degree + 1):
        system[row, power] = r ** (power + 2) / expm1(r)
      # The weight of P, r^2 / (e^r - 1), changes its sign at 0: there the errors do not alternate.
      system[row, degree + 1] = (-1) ** row * sign(r)
      right[row] = 1 - r / expm1(r)
    solution = lu_solve(system, right)
    coefficients, level = list(solution[: degree + 1]), abs(solution[degree + 1])
    errors = [relative_error(coefficients, r) for r in grid]
    greatest = max(abs(error) for error in errors)
    if greatest <= level * mpf("1.001"):
      return coefficients, greatest
    points = alternating_extrema(grid, errors, count)
  raise ArithmeticError("the exchange does not converge")


def alternating_extrema(grid, errors, count):
  """The points of `count` successive extrema of the error of P, alternating in sign."""
  extrema = []
  for r, error in zip(grid, errors):
    error *= sign(r)
    if extrema and (error > 0) == (extrema[-1][1] > 0):
      if abs(error) > abs(extrema[-1][1]):
        extrema[-1] = (r, error)
    else:
      extrema.append((r, error))
  while len(extrema) > count:
    extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
  return [r for r, _ in extrema]


def show(label, value):
  print(f"  {label:11} {float(value).hex():23} {float(value)!r}")


def main():
  grid = [r for r in linspace(-HALF_WIDTH, HALF_WIDTH, 4000) if r != 0]
  for name, bits, degree, integer_bits in [("Float", 24, 4, 8), ("Double", 53, 9, 11)]:
    coefficients, best = best_coefficients(degree, grid)
    rounded = [round_to_bits(coefficient, bits) for coefficient in coefficients]
    greatest = max(abs(relative_error(rounded, r)) for r in grid)
    print(f"{name}: greatest relative error of q 2^{float(log(best, 2)):.2f}, "
          f"with rounded coefficients 2^{float(log(greatest, 2)):.2f}")
    for power, coefficient in enumerate(rounded):
      show(f"P[{power}]", coefficient)
    show("1 / ln 2", round_to_bits(1 / ln(2), bits))
    # n * high is exact for |n| < 2^integer_bits, and low makes up for what high lacks.
    high = round_to_bits(ln(2), bits - integer_bits)
    show("ln 2, high", high)
    show("ln 2, low", round_to_bits(ln(2) - high, bits))


if __name__ == "__main__":
  main()
