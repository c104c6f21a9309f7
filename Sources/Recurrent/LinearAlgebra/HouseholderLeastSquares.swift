// Goals, in order:
// 1. The backward stability of Householder QR: the normal equations AᵀA·X = AᵀB would square A's condition.
// 2. Speed without LAPACK: A and B stand side by side, so that one pass along a row reflects both.

/// Linear least squares by Householder QR.
///
/// Source: Golub & Van Loan, Matrix Computations (4th ed.), § 5.3.2; error bounds: Higham, Accuracy
/// and Stability of Numerical Algorithms (2nd ed.), theorem 20.3.
enum HouseholderLeastSquares {
  /// The X that minimizes ‖A·X − B‖_F, as `Factorizations` describes it: with A = Q·R,
  /// R·X = Qᵀ·B.
  static func solve(
    _ matrix: [Double], rows: Int, columns: Int, rightHandSides: [Double], count: Int
  ) -> [Double]? {
    let width = columns + count
    var joined = [Double](repeating: 0, count: rows * width)
    for row in 0..<rows {
      joined.replaceSubrange(
        (row * width)..<(row * width + columns), with: matrix[(row * columns)..<((row + 1) * columns)])
      joined.replaceSubrange(
        (row * width + columns)..<((row + 1) * width),
        with: rightHandSides[(row * count)..<((row + 1) * count)])
    }
    var workspace = [Double](repeating: 0, count: rows + width)
    var scales = [Double](repeating: 1, count: width)
    return joined.withUnsafeMutableBufferPointer { joined -> [Double]? in
      workspace.withUnsafeMutableBufferPointer { workspace in
        scales.withUnsafeMutableBufferPointer { scales in
          guard let joined = joined.baseAddress, let vector = workspace.baseAddress,
            let scales = scales.baseAddress
          else { return nil }
          HouseholderQR.scaleColumns(of: joined, rows: rows, columns: width, workspace: scales)
          let reflections = HouseholderQR.factor(
            joined, rows: rows, columns: columns, stride: width, vector: vector, projection: vector + rows)
          return substitute(
            joined, diagonal: reflections.map(\.diagonal), count: count, scales: scales)
        }
      }
    }
  }

  /// Solves R·Y = Qᵀ·B from the last row up, and undoes the scaling of A's and B's columns.
  private static func substitute(
    _ joined: UnsafeMutablePointer<Double>, diagonal: [Double], count: Int, scales: UnsafePointer<Double>
  ) -> [Double]? {
    let columns = diagonal.count
    let width = columns + count
    guard !diagonal.contains(0) else { return nil }
    for row in (0..<columns).reversed() {
      let entries = joined + row * width
      let right = entries + columns
      for later in (row + 1)..<max(columns, row + 1) {
        HouseholderReflection.addMultiple(
          -entries[later], of: joined + later * width + columns, to: right, count: count)
      }
      for index in 0..<count { right[index] /= diagonal[row] }
    }
    var solution: [Double] = []
    solution.reserveCapacity(columns * count)
    for row in 0..<columns {
      for index in 0..<count {
        // A·D·Y = B·E, so X = D·Y·E⁻¹, all powers of two.
        solution.append(joined[row * width + columns + index] * scales[row] / scales[columns + index])
      }
    }
    return solution
  }
}
