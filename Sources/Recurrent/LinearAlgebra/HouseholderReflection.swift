// Goals, in order:
// 1. Orthogonality to working precision: the reflections that `HouseholderQR` and
//    `HessenbergEigenvalues` are built from, for vectors of any magnitude.
// 2. Speed: every loop runs along the rows of row-major storage.

/// An elementary reflection H = I − τ·v·vᵀ with v₀ = 1 (H is symmetric and orthogonal).
///
/// Source: Golub & Van Loan, Matrix Computations (4th ed.), § 5.1.2–5.1.4; Wilkinson, The Algebraic
/// Eigenvalue Problem, chapter 3, § 37 (the choice of the sign).
enum HouseholderReflection {
  /// Overwrites x [count] with v so that H·x = (value, 0, …, 0)ᵀ, |value| = ‖x‖₂; returns value and
  /// τ.
  ///
  /// τ = 0 (H = I) where x is already a multiple of the first unit vector, or zero. O(count).
  static func form(
    in vector: UnsafeMutablePointer<Double>, count: Int
  ) -> (value: Double, tau: Double) {
    var tailMagnitude = 0.0
    for index in 1..<max(count, 1) { tailMagnitude = max(tailMagnitude, vector[index].magnitude) }
    let head = vector[0]
    guard tailMagnitude > 0 else {
      vector[0] = 1
      return (head, 0)
    }
    // The squares of the scaled vector neither overflow nor all underflow.
    let scale = scale(bringingToOne: max(tailMagnitude, head.magnitude))
    for index in 0..<count { vector[index] *= scale }
    let norm = dot(vector, vector, count: count).squareRoot()
    let scaledHead = vector[0]
    // The sign opposite to the head's: the subtraction below then adds magnitudes, no cancellation.
    let value = scaledHead < 0 ? norm : -norm
    let pivot = scaledHead - value
    vector[0] = 1
    for index in 1..<count { vector[index] /= pivot }
    return (value / scale, (value - scaledHead) / value)
  }

  /// B ← H·B for a block B [rows, columns] whose rows lie `stride` apart; workspace [columns].
  ///
  /// w = Bᵀ·v, then B ← B − τ·v·wᵀ: 4·rows·columns operations in two passes along the rows.
  static func applyFromLeft(
    _ vector: UnsafePointer<Double>, tau: Double, to block: UnsafeMutablePointer<Double>,
    rows: Int, columns: Int, stride: Int, workspace: UnsafeMutablePointer<Double>
  ) {
    guard tau != 0, columns > 0 else { return }
    project(
      block, on: vector, rows: rows, columns: columns, stride: stride, into: workspace)
    for row in 0..<rows {
      addMultiple(-tau * vector[row], of: workspace, to: block + row * stride, count: columns)
    }
  }

  /// projection ← Bᵀ·v for B [rows, columns], v [rows], projection [columns]. 2·rows·columns.
  static func project(
    _ block: UnsafePointer<Double>, on vector: UnsafePointer<Double>, rows: Int, columns: Int,
    stride: Int, into projection: UnsafeMutablePointer<Double>
  ) {
    projection.update(repeating: 0, count: columns)
    var row = 0
    // Four rows at once: the projection is read and written once for four rows of B.
    while row + 4 <= rows {
      let first = block + row * stride
      let second = first + stride
      let third = second + stride
      let fourth = third + stride
      let weights = (vector[row], vector[row + 1], vector[row + 2], vector[row + 3])
      for column in 0..<columns {
        projection[column] +=
          (weights.0 * first[column] + weights.1 * second[column])
          + (weights.2 * third[column] + weights.3 * fourth[column])
      }
      row += 4
    }
    while row < rows {
      addMultiple(vector[row], of: block + row * stride, to: projection, count: columns)
      row += 1
    }
  }

  /// target ← target + factor·source, both [count]. The two must not overlap.
  @inline(__always)
  static func addMultiple(
    _ factor: Double, of source: UnsafePointer<Double>, to target: UnsafeMutablePointer<Double>,
    count: Int
  ) {
    for index in 0..<count { target[index] += factor * source[index] }
  }

  /// Σ leftᵢ·rightᵢ, both [count], in eight partial sums: the processor's vector registers hold
  /// them, and the rounding error grows with count / 8 instead of count.
  @inline(__always)
  static func dot(
    _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>, count: Int
  ) -> Double {
    var sums = SIMD8<Double>.zero
    var index = 0
    while index + 8 <= count {
      let leftLanes = UnsafeRawPointer(left + index).loadUnaligned(as: SIMD8<Double>.self)
      let rightLanes = UnsafeRawPointer(right + index).loadUnaligned(as: SIMD8<Double>.self)
      sums += leftLanes * rightLanes
      index += 8
    }
    var total = sums.sum()
    while index < count {
      total += left[index] * right[index]
      index += 1
    }
    return total
  }

  /// The power of two that brings a positive finite magnitude near 1, so that scaling is exact.
  ///
  /// The exponent is held within ±1000, where the power and its inverse are normal numbers.
  static func scale(bringingToOne magnitude: Double) -> Double {
    let exponent = max(-1000, min(1000, -magnitude.exponent))
    return Double(sign: .plus, exponent: exponent, significand: 1)
  }
}
