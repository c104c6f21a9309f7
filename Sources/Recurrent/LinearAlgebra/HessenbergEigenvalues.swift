// Goals, in order:
// 1. All eigenvalues of any finite real matrix, as exact as backward stability allows: those of
//    A + E with ‖E‖ a small multiple of order·u·‖A‖, u the unit roundoff.
// 2. An answer or none: input that is not finite, and an iteration that stalls, give nil.
// 3. Speed without LAPACK: row-major loops, and no work on vectors nobody asked for.

/// The eigenvalues of a real matrix by the implicit double-shift QR iteration.
///
/// Source: Golub & Van Loan, Matrix Computations (4th ed.), § 7.4.2 (Hessenberg reduction), § 7.5
/// (Francis QR step); Martin, Peters & Wilkinson, Handbook for Automatic Computation II/14 (1971).
enum HessenbergEigenvalues {
  /// All eigenvalues of a real matrix A [order, order], row-major.
  ///
  /// No order is promised, but that a complex pair stands together, positive imaginary part first.
  ///
  /// - Returns: `order` eigenvalues; nil where an entry of A is not finite, where the iteration
  ///   does not converge within 30·order steps, or where an eigenvalue exceeds the range of Double.
  /// - Complexity: about 10·order³ operations, two matrices of storage.
  static func eigenvalues(
    of matrix: [Double], order: Int
  ) -> [(real: Double, imaginary: Double)]? {
    precondition(order >= 0, "a matrix has no negative order")
    precondition(matrix.count == order * order, "the matrix must hold order × order entries")
    guard matrix.allSatisfy(\.isFinite) else { return nil }
    let (isolated, remaining) = MatrixBalancing.isolate(matrix, order: order)
    var eigenvalues = isolated.map { (real: $0, imaginary: 0.0) }
    guard !remaining.isEmpty else { return eigenvalues }

    let active = remaining.count
    // Rows a multiple of 4096 bytes apart share cache sets, which column loops would then fight
    // for.
    let stride = active % 16 == 0 ? active + 8 : active
    var block = [Double](repeating: 0, count: active * stride)
    for (row, source) in remaining.enumerated() {
      for (column, sourceColumn) in remaining.enumerated() {
        block[row * stride + column] = matrix[source * order + sourceColumn]
      }
    }
    // Balancing needs sums of entries in range. It can bring huge and tiny entries together, so
    // that what comes after it is provided for only then: products of two entries in range, and
    // nothing above about 1, so that what underflows beside the largest entry counts as zero.
    var exponent = scale(&block, intoExponents: -1000...1000)
    block.withUnsafeMutableBufferPointer { buffer in
      guard let entries = buffer.baseAddress else { return }
      MatrixBalancing.equilibrate(entries, order: active, stride: stride)
    }
    exponent += scale(&block, intoExponents: -400...0)
    let found = block.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { entries in
        reduce(entries, order: active, stride: stride)
        return FrancisIteration(entries: entries, order: active, stride: stride).eigenvalues()
      }
    }
    let scale = Double(sign: .plus, exponent: exponent, significand: 1)
    guard let found else { return nil }
    for value in found { eigenvalues.append((value.real / scale, value.imaginary / scale)) }
    let inRange = eigenvalues.allSatisfy { $0.real.isFinite && $0.imaginary.isFinite }
    return inRange ? eigenvalues : nil
  }

  /// A ← 2ᵉ·A, exactly, so that the largest magnitude's exponent is within the bounds; returns e, 0
  /// where it is so already. O(order²).
  private static func scale(_ matrix: inout [Double], intoExponents bounds: ClosedRange<Int>) -> Int {
    let magnitude = matrix.reduce(0) { max($0, $1.magnitude) }
    guard magnitude > 0 else { return 0 }
    let exponent = Int(magnitude.exponent)
    let change = min(max(exponent, bounds.lowerBound), bounds.upperBound) - exponent
    guard change != 0 else { return 0 }
    let factor = Double(sign: .plus, exponent: change, significand: 1)
    for index in matrix.indices { matrix[index] *= factor }
    return change
  }

  /// A ← Qᵀ·A·Q with zeros below the first subdiagonal; A [order, order], its rows `stride` apart.
  ///
  /// Step k reflects rows, then columns k + 1 and up, by H = I − τ·v·vᵀ. A row's share of A·H needs
  /// that row alone, so each row takes both sides in one visit. 10/3·order³ operations.
  private static func reduce(_ matrix: UnsafeMutablePointer<Double>, order: Int, stride: Int) {
    var workspace = [Double](repeating: 0, count: 2 * order)
    workspace.withUnsafeMutableBufferPointer { buffer in
      guard let vector = buffer.baseAddress, order > 2 else { return }
      let projection = vector + order
      for step in 0..<(order - 2) {
        let first = step + 1
        let height = order - first
        for row in 0..<height { vector[row] = matrix[(first + row) * stride + step] }
        let (value, tau) = HouseholderReflection.form(in: vector, count: height)
        matrix[first * stride + step] = value
        for row in 1..<height { matrix[(first + row) * stride + step] = 0 }
        guard tau != 0 else { continue }
        HouseholderReflection.project(
          matrix + first * stride + first, on: vector, rows: height, columns: height,
          stride: stride, into: projection)
        for row in 0..<order {
          let entries = matrix + row * stride + first
          if row >= first {
            HouseholderReflection.addMultiple(
              -tau * vector[row - first], of: projection, to: entries, count: height)
          }
          let product = HouseholderReflection.dot(entries, vector, count: height)
          HouseholderReflection.addMultiple(-tau * product, of: vector, to: entries, count: height)
        }
      }
    }
  }
}
