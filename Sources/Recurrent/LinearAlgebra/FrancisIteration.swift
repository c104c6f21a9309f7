// Goals, in order:
// 1. Convergence for every finite Hessenberg matrix met in practice, repeated and defective
//    eigenvalues included; a limit where it fails.
// 2. Backward stability: orthogonal transformations, and only negligible entries set to zero.
// 3. Speed: work within the active block only, because no Schur form is asked for.

/// The implicit double-shift QR iteration on an upper Hessenberg matrix H, which it overwrites.
///
/// Source: Golub & Van Loan, Matrix Computations (4th ed.), § 7.5.1–7.5.6; Martin, Peters &
/// Wilkinson, Handbook for Automatic Computation II/14 (1971); the deflation test: Ahues & Tisseur,
/// LAPACK Working Note 122 (1997).
struct FrancisIteration {
  /// H, [order, order], its rows `stride` apart, the largest entry between about 2⁻⁴⁰⁰ and 1.
  let entries: UnsafeMutablePointer<Double>
  /// The number of rows and of columns of H.
  let order: Int
  /// The distance from one row of H to the next.
  let stride: Int

  private typealias Value = (real: Double, imaginary: Double)

  /// All eigenvalues of H; nil where 30·max(order, 10) steps do not find them. About 6·order³
  /// operations: 10·k² for a step on k rows, just under two steps for each eigenvalue.
  func eigenvalues() -> [(real: Double, imaginary: Double)]? {
    var found: [(real: Double, imaginary: Double)] = []
    found.reserveCapacity(order)
    var stepsLeft = 30 * max(order, 10)
    var stepsHere = 0
    let underflow = Double.leastNormalMagnitude * Double(order) / .ulpOfOne
    var high = order - 1
    while high >= 0 {
      // Where the strict test stalls, backward stability alone decides: |h| ≤ u·max |H|.
      let floor = stepsHere < 20 ? underflow : .ulpOfOne * largestMagnitude(to: high)
      let low = startOfBlock(endingAt: high, floor: floor)
      if low >= high - 1 {
        let pair = low == high ? nil : blockEigenvalues(at: low)
        found += pair.map { [$0.first, $0.second] } ?? [(self[high, high], 0)]
        high = low - 1
        stepsHere = 0
        continue
      }
      guard stepsLeft > 0 else { return nil }
      stepsLeft -= 1
      stepsHere += 1
      sweep(low: low, high: high, shift: shift(low: low, high: high, step: stepsHere))
    }
    return found
  }

  private subscript(row: Int, column: Int) -> Double {
    @inline(__always) get { entries[row * stride + column] }
    @inline(__always) nonmutating set { entries[row * stride + column] = newValue }
  }

  /// max |hᵢⱼ| over rows and columns up to `high`. O(high²), as much as the step that follows.
  private func largestMagnitude(to high: Int) -> Double {
    var largest = 0.0
    for row in 0...high {
      for column in 0...high { largest = max(largest, self[row, column].magnitude) }
    }
    return largest
  }

  /// The first row of the unreduced block that ends with row `high`; a negligible subdiagonal entry
  /// found on the way is set to zero.
  private func startOfBlock(endingAt high: Int, floor: Double) -> Int {
    var row = high
    while row > 0, !isNegligible(row, high: high, floor: floor) { row -= 1 }
    if row > 0 { self[row, row - 1] = 0 }
    return row
  }

  /// Whether the entry h = H[row, row − 1] can be set to zero without harm.
  ///
  /// With a, d the diagonal entries beside h and b the entry opposite to it: |h| ≤ u·(|a| + |d|) is
  /// needed for backward stability, and |b|·|h| ≤ u·|d|·|a − d| keeps small eigenvalues of graded
  /// matrices accurate. Up to `floor`, near underflow at first, it always can be.
  private func isNegligible(_ row: Int, high: Int, floor: Double) -> Bool {
    let below = self[row, row - 1].magnitude
    if below <= floor { return true }
    let upper = self[row - 1, row - 1]
    let lower = self[row, row]
    var neighbours = upper.magnitude + lower.magnitude
    if neighbours == 0 {
      if row >= 2 { neighbours += self[row - 1, row - 2].magnitude }
      if row < high { neighbours += self[row + 1, row].magnitude }
    }
    if below > .ulpOfOne * neighbours { return false }
    // Quotients instead of products keep every factor in range.
    let above = self[row - 1, row].magnitude
    let gap = (upper - lower).magnitude
    let larger = max(lower.magnitude, gap)
    let smaller = min(lower.magnitude, gap)
    let outer = max(below, above)
    let sum = larger + outer
    return min(below, above) * (outer / sum) <= max(floor, .ulpOfOne * (smaller * (larger / sum)))
  }

  /// The double shift real ± i·imaginary of a step, from the block's last two rows.
  ///
  /// Two real eigenvalues there are replaced by the one nearer to the last diagonal entry, twice.
  /// Every tenth step without success takes Wilkinson's exceptional shift (sum 1.5·s, product s²,
  /// offset by a diagonal entry), in turn from the last and the first rows: it breaks the cycles of
  /// matrices that the usual step maps onto themselves, such as cyclic permutations.
  private func shift(low: Int, high: Int, step: Int) -> (real: Double, imaginary: Double) {
    if step % 10 == 0 {
      let fromTop = step % 20 == 0
      let size =
        fromTop
        ? self[low + 1, low].magnitude + self[low + 2, low + 1].magnitude
        : self[high, high - 1].magnitude + self[high - 1, high - 2].magnitude
      let origin = fromTop ? self[low, low] : self[high, high]
      return (origin + 0.75 * size, 0.4375.squareRoot() * size)
    }
    let pair = blockEigenvalues(at: high - 1)
    if pair.first.imaginary != 0 { return pair.first }
    let last = self[high, high]
    let distances = ((pair.first.real - last).magnitude, (pair.second.real - last).magnitude)
    return distances.0 <= distances.1 ? pair.first : pair.second
  }

  /// The eigenvalues of the 2×2 block [[a, b], [c, d]] that starts at (row, row).
  ///
  /// With p = (a − d) / 2 they are d + p ± √(p² + b·c). For real ones, the root takes p's sign and
  /// the second follows from the product of both, so that nothing cancels.
  private func blockEigenvalues(at row: Int) -> (first: Value, second: Value) {
    let above = self[row, row + 1]
    let below = self[row + 1, row]
    let last = self[row + 1, row + 1]
    let half = 0.5 * (self[row, row] - last)
    let larger = max(above.magnitude, below.magnitude)
    let smaller = min(above.magnitude, below.magnitude) * ((above < 0) == (below < 0) ? 1 : -1)
    let scale = max(half.magnitude, larger)
    guard scale > 0 else { return ((last, 0), (last, 0)) }
    // (p² + b·c) / scale: neither product leaves the range of its factors.
    let discriminant = half / scale * half + larger / scale * smaller
    let root = scale.squareRoot() * discriminant.magnitude.squareRoot()
    if discriminant < 0 { return ((last + half, root), (last + half, -root)) }
    let sum = half < 0 ? half - root : half + root
    guard sum != 0 else { return ((last, 0), (last, 0)) }
    // The smaller factor is divided: |sum| ≥ √(b·c) ≥ it, while the larger quotient could overflow.
    return ((last + sum, 0), (last - smaller / sum * larger, 0))
  }

  /// One Francis step on rows and columns low...high: H ← Qᵀ·H·Q, where Q's first column is that of
  /// (H − σ)(H − σ̄) up to its sign, and H is Hessenberg again.
  private func sweep(low: Int, high: Int, shift: Value) {
    var (start, x, y, z) = startOfSweep(low: low, high: high, shift: shift)
    let first = start
    while start < high {
      let hasThird = start + 2 <= high
      if start > first {
        x = self[start, start - 1]
        y = self[start + 1, start - 1]
        z = hasThird ? self[start + 2, start - 1] : 0
      }
      defer { start += 1 }
      if y == 0 && z == 0 { continue }
      let size = x.magnitude + y.magnitude + z.magnitude
      (x, y, z) = (x / size, y / size, z / size)
      let norm = (x * x + y * y + z * z).squareRoot()
      let value = x < 0 ? norm : -norm
      let tau = (value - x) / value
      y /= x - value
      z /= x - value
      if start > first {
        self[start, start - 1] = value * size
        self[start + 1, start - 1] = 0
        if hasThird { self[start + 2, start - 1] = 0 }
      } else if start > low {
        // Of the column left of the block only this entry counts: the others are negligible here.
        self[start, start - 1] *= 1 - tau
      }
      if hasThird {
        reflectThree(at: start, y: y, z: z, tau: tau, low: low, high: high)
      } else {
        reflectTwo(at: start, y: y, tau: tau, low: low, high: high)
      }
    }
  }

  /// The row where a step can start, with the first three entries x, y, z of the first column of
  /// (H − σ)(H − σ̄) for the block from there on, scaled.
  ///
  /// A step may start below row `low` where two successive subdiagonal entries are so small that
  /// the entries it then leaves in the column before are negligible (Handbook II/14).
  private func startOfSweep(
    low: Int, high: Int, shift: Value
  ) -> (start: Int, x: Double, y: Double, z: Double) {
    var start = high - 2
    while true {
      let corner = self[start, start]
      let next = self[start + 1, start + 1]
      let below = self[start + 1, start]
      let offset = corner - shift.real
      let scale = offset.magnitude + shift.imaginary.magnitude + below.magnitude
      var x =
        offset * (offset / scale) + shift.imaginary * (shift.imaginary / scale)
        + self[start, start + 1] * (below / scale)
      var y = below / scale * (offset + (next - shift.real))
      var z = below / scale * self[start + 2, start + 1]
      let size = x.magnitude + y.magnitude + z.magnitude
      if size > 0 { (x, y, z) = (x / size, y / size, z / size) }
      if start == low { return (start, x, y, z) }
      let before = self[start, start - 1].magnitude * (y.magnitude + z.magnitude)
      let diagonal = self[start - 1, start - 1].magnitude + corner.magnitude + next.magnitude
      if before <= .ulpOfOne * x.magnitude * diagonal { return (start, x, y, z) }
      start -= 1
    }
  }

  /// H ← P·H·P for the reflection P = I − τ·v·vᵀ, v = (1, y, z) on rows and columns start, + 1, +
  /// 2.
  private func reflectThree(
    at start: Int, y: Double, z: Double, tau: Double, low: Int, high: Int
  ) {
    let (tauY, tauZ) = (tau * y, tau * z)
    let first = entries + start * stride
    let (second, third) = (first + stride, first + 2 * stride)
    for column in start..<(high + 1) {
      let sum = first[column] + y * second[column] + z * third[column]
      first[column] -= sum * tau
      second[column] -= sum * tauY
      third[column] -= sum * tauZ
    }
    for row in low..<(min(start + 3, high) + 1) {
      let triple = entries + row * stride + start
      let sum = triple[0] + y * triple[1] + z * triple[2]
      triple[0] -= sum * tau
      triple[1] -= sum * tauY
      triple[2] -= sum * tauZ
    }
  }

  /// The same on the last two rows and columns of the block, v = (1, y).
  private func reflectTwo(at start: Int, y: Double, tau: Double, low: Int, high: Int) {
    for column in start..<(high + 1) {
      let sum = tau * (self[start, column] + y * self[start + 1, column])
      self[start, column] -= sum
      self[start + 1, column] -= sum * y
    }
    for row in low..<(high + 1) {
      let sum = tau * (self[row, start] + y * self[row, start + 1])
      self[row, start] -= sum
      self[row, start + 1] -= sum * y
    }
  }
}
