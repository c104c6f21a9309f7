// Goals, in order:
// 1. An orthonormal factor to working precision for every finite matrix, whatever its rank or scale.
// 2. One answer: the signs are those of a non-negative diagonal of R.
// 3. Speed without LAPACK: loops along the rows of row-major storage.

/// The QR factorization by Householder reflections.
///
/// Source: Golub & Van Loan, Matrix Computations (4th ed.), § 5.1.6 (backward accumulation) and
/// § 5.2.2 (Householder QR); error bounds: Higham, Accuracy and Stability of Numerical Algorithms
/// (2nd ed.), theorem 19.4.
enum HouseholderQR {
  /// The factor Q of A = Q·R, as `Factorizations` describes it.
  static func orthonormalFactor(of matrix: [Double], rows: Int, columns: Int) -> [Double] {
    var factored = matrix
    var orthonormal = [Double](repeating: 0, count: rows * columns)
    var workspace = [Double](repeating: 0, count: rows + columns)
    factored.withUnsafeMutableBufferPointer { factoredBuffer in
      orthonormal.withUnsafeMutableBufferPointer { orthonormalBuffer in
        workspace.withUnsafeMutableBufferPointer { workspaceBuffer in
          guard let factored = factoredBuffer.baseAddress,
            let orthonormal = orthonormalBuffer.baseAddress,
            let vector = workspaceBuffer.baseAddress
          else { return }
          let projection = vector + rows
          scaleColumns(of: factored, rows: rows, columns: columns, workspace: projection)
          let reflections = factor(
            factored, rows: rows, columns: columns, stride: columns, vector: vector,
            projection: projection)
          accumulate(
            reflections, from: factored, into: orthonormal, rows: rows, columns: columns,
            vector: vector, projection: projection)
        }
      }
    }
    return orthonormal
  }

  /// A ← A·D, D diagonal of powers of two that bring each column's largest entry near 1.
  ///
  /// A·D = Q·(R·D) with the same Q, and R·D keeps R's signs: the scaling is exact and only keeps
  /// entries near the ends of the exponent range from overflow and underflow. The workspace
  /// [columns] then holds D.
  static func scaleColumns(
    of matrix: UnsafeMutablePointer<Double>, rows: Int, columns: Int,
    workspace: UnsafeMutablePointer<Double>
  ) {
    workspace.update(repeating: 0, count: columns)
    for row in 0..<rows {
      let entries = matrix + row * columns
      for column in 0..<columns {
        workspace[column] = max(workspace[column], entries[column].magnitude)
      }
    }
    for column in 0..<columns {
      let largest = workspace[column]
      workspace[column] = largest > 0 ? HouseholderReflection.scale(bringingToOne: largest) : 1
    }
    for row in 0..<rows {
      let entries = matrix + row * columns
      for column in 0..<columns { entries[column] *= workspace[column] }
    }
  }

  /// Overwrites A with R, but for its diagonal, and below it with the vectors v of its reflections
  /// (v₀ = 1 is implied); returns each reflection's τ and R's diagonal entry.
  ///
  /// A's rows lie `stride` ≥ `columns` apart. What stands behind A's columns in a row is another
  /// matrix B, which becomes Qᵀ·B.
  static func factor(
    _ matrix: UnsafeMutablePointer<Double>, rows: Int, columns: Int, stride: Int,
    vector: UnsafeMutablePointer<Double>, projection: UnsafeMutablePointer<Double>
  ) -> [(tau: Double, diagonal: Double)] {
    var reflections: [(tau: Double, diagonal: Double)] = []
    reflections.reserveCapacity(columns)
    for step in 0..<columns {
      let corner = matrix + step * stride + step
      let height = rows - step
      // The column is copied out: the passes below then read v with stride 1.
      for row in 0..<height { vector[row] = corner[row * stride] }
      let (value, tau) = HouseholderReflection.form(in: vector, count: height)
      for row in 1..<max(height, 1) { corner[row * stride] = vector[row] }
      HouseholderReflection.applyFromLeft(
        vector, tau: tau, to: corner + 1, rows: height, columns: stride - step - 1,
        stride: stride, workspace: projection)
      reflections.append((tau, value))
    }
    return reflections
  }

  /// Q ← H₀·H₁⋯·[I; 0], from the last reflection to the first, with column k negated where Rₖₖ < 0.
  ///
  /// Before step k only rows and columns ≥ k differ from [I; 0]: step k works on those alone.
  private static func accumulate(
    _ reflections: [(tau: Double, diagonal: Double)], from factored: UnsafePointer<Double>,
    into orthonormal: UnsafeMutablePointer<Double>, rows: Int, columns: Int,
    vector: UnsafeMutablePointer<Double>, projection: UnsafeMutablePointer<Double>
  ) {
    for step in (0..<columns).reversed() {
      let offset = step * columns + step
      // A negative start negates the whole column: every later step is linear in it.
      orthonormal[offset] = reflections[step].diagonal < 0 ? -1 : 1
      vector[0] = 1
      for row in 1..<max(rows - step, 1) { vector[row] = factored[offset + row * columns] }
      HouseholderReflection.applyFromLeft(
        vector, tau: reflections[step].tau, to: orthonormal + offset, rows: rows - step,
        columns: columns - step, stride: columns, workspace: projection)
    }
  }
}
