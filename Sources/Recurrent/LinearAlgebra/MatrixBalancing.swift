// Goals, in order:
// 1. Exactness: permutations and powers of two only, so that no eigenvalue moves by a rounding.
// 2. Accuracy: eigenvalues that stand alone are read off, and the rest gets a smaller norm, to which
//    the rounding errors of the QR iteration are proportional.

/// Similarity transformations that prepare a matrix for an eigenvalue computation.
///
/// Source: Parlett & Reinsch, Balancing a matrix for calculation of eigenvalues and eigenvectors,
/// Numerische Mathematik 13 (1969); Golub & Van Loan, Matrix Computations (4th ed.), § 7.5.7.
enum MatrixBalancing {
  /// Splits A [order, order] into eigenvalues that stand alone on its diagonal and the rest.
  ///
  /// Where row (or column) k has no non-zero entry off the diagonal, A is similar by a permutation
  /// to a block triangular matrix with the 1×1 block aₖₖ: aₖₖ is an eigenvalue, and the others are
  /// those of A without row and column k. This repeats until no such k is left; triangular
  /// matrices, also permuted ones, are read off entirely. O(order²).
  ///
  /// - Returns: the eigenvalues read off, and the indices of the rows and columns that remain.
  static func isolate(_ matrix: [Double], order: Int) -> (isolated: [Double], remaining: [Int]) {
    var rowCounts = [Int](repeating: 0, count: order)
    var columnCounts = [Int](repeating: 0, count: order)
    for row in 0..<order {
      for column in 0..<order where column != row && matrix[row * order + column] != 0 {
        rowCounts[row] += 1
        columnCounts[column] += 1
      }
    }
    var queued = (0..<order).map { rowCounts[$0] == 0 || columnCounts[$0] == 0 }
    var queue = (0..<order).filter { queued[$0] }
    var next = 0
    while next < queue.count {
      let gone = queue[next]
      next += 1
      for other in 0..<order where !queued[other] {
        if matrix[other * order + gone] != 0 { rowCounts[other] -= 1 }
        if matrix[gone * order + other] != 0 { columnCounts[other] -= 1 }
        if rowCounts[other] == 0 || columnCounts[other] == 0 {
          queued[other] = true
          queue.append(other)
        }
      }
    }
    return (queue.map { matrix[$0 * order + $0] }, (0..<order).filter { !queued[$0] })
  }

  /// A ← D⁻¹·A·D, D diagonal of powers of two, with rows and columns of like 1-norms.
  ///
  /// For row norm r and column norm c the factor f = 2ᵉ, e half the difference of their exponents,
  /// brings c·f and r / f within a factor of 8 of each other; it is used where it lowers their sum
  /// by more than 5 %. The norms include the diagonal entry, which f leaves alone: off-diagonal
  /// entries that are small beside it are then left as they are, because scaling up their rounding
  /// errors would do more harm than good (James, Langou & Lowery, On matrix balancing and
  /// eigenvector computation, 2014). O(order²) for each sweep.
  ///
  /// - Parameters:
  ///   - matrix: A, [order, order], entries below about 2¹⁰⁰⁰ in magnitude, its rows `stride`
  ///     apart.
  ///   - order: the number of rows and of columns.
  ///   - stride: the distance from one row to the next, at least `order`.
  static func equilibrate(_ matrix: UnsafeMutablePointer<Double>, order: Int, stride: Int) {
    // Each accepted step lowers a sum of norms by a fixed part, so that few sweeps suffice. The
    // limit is a guard only: stopping early leaves a matrix with the same eigenvalues.
    for _ in 0..<100 {
      var changed = false
      for index in 0..<order {
        let rowEntries = matrix + index * stride
        var rowNorm = 0.0
        var columnNorm = 0.0
        for other in 0..<order {
          rowNorm += rowEntries[other].magnitude
          columnNorm += matrix[other * stride + index].magnitude
        }
        guard rowNorm > 0, columnNorm > 0 else { continue }
        // Within ±1000 the factor and its inverse are normal; a later sweep does what is left.
        let exponent = max(
          -1000, min(1000, (Int(rowNorm.exponent) - Int(columnNorm.exponent)) / 2))
        guard exponent != 0 else { continue }
        let factor = Double(sign: .plus, exponent: exponent, significand: 1)
        let inverse = Double(sign: .plus, exponent: -exponent, significand: 1)
        guard columnNorm * factor + rowNorm * inverse < 0.95 * (rowNorm + columnNorm) else {
          continue
        }
        changed = true
        // Kept aside, the diagonal entry cannot underflow between the two scalings.
        let diagonal = rowEntries[index]
        for other in 0..<order { rowEntries[other] *= inverse }
        for other in 0..<order { matrix[other * stride + index] *= factor }
        rowEntries[index] = diagonal
      }
      if !changed { return }
    }
  }
}
