/// The dense factorizations, by LAPACK where it is linked and wanted, else by this package.
///
/// Matrices are row-major. What is wrong with the arguments is found here, before either.
struct Factorizations {
  private let usesLAPACK: Bool

  /// Resolves the backend: `.automatic` takes LAPACK where it is linked.
  init(_ backend: Backend) {
    usesLAPACK = backend != .swift && OpenBLASLibrary.isLinked
  }

  /// The factor Q of A = Q·R with orthonormal columns, for A [rows, columns], rows ≥ columns ≥ 0.
  ///
  /// R's diagonal is made non-negative, which makes Q unique where A has full rank. Where A is rank
  /// deficient Q has orthonormal columns all the same, and A = Q·R still holds. An entry that is
  /// not finite makes every entry of Q NaN.
  ///
  /// - Returns: Q, [rows, columns].
  /// - Complexity: 4·rows·columns² − 4/3·columns³ operations, two matrices of storage.
  func orthonormalFactor(_ matrix: [Double], _ rows: Int, _ columns: Int) -> [Double] {
    precondition(columns >= 0 && rows >= columns, "a QR factor needs rows ≥ columns ≥ 0")
    precondition(matrix.count == rows * columns, "the matrix must hold rows × columns entries")
    guard columns > 0 else { return [] }
    guard matrix.allSatisfy(\.isFinite) else {
      return [Double](repeating: .nan, count: matrix.count)
    }
    #if OpenBLAS
      if usesLAPACK { return LAPACKQR.orthonormalFactor(of: matrix, rows: rows, columns: columns) }
    #endif
    return HouseholderQR.orthonormalFactor(of: matrix, rows: rows, columns: columns)
  }

  /// The eigenvalues of A [order, order], row-major; `nil` where the iteration does not converge.
  func eigenvalues(_ matrix: [Double], order: Int) -> [(real: Double, imaginary: Double)]? {
    #if OpenBLAS
      if usesLAPACK { return LAPACKEigenvalues.eigenvalues(of: matrix, order: order) }
    #endif
    return HessenbergEigenvalues.eigenvalues(of: matrix, order: order)
  }

  /// The X that minimizes ‖A·X − B‖_F.
  ///
  /// - Parameters:
  ///   - matrix: A, [rows, columns], rows ≥ columns.
  ///   - rows: the number of rows of A and B.
  ///   - columns: the number of columns of A.
  ///   - rightHandSides: B, [rows, count].
  ///   - count: the number of columns of B.
  /// - Returns: X, [columns, count]; nil where an entry is not finite or R's diagonal has a zero.
  /// - Complexity: 2·rows·columns² − 2/3·columns³ operations, one copy of A and B.
  func leastSquares(
    _ matrix: [Double], _ rows: Int, _ columns: Int, rightHandSides: [Double], _ count: Int
  ) -> [Double]? {
    precondition(columns >= 0 && rows >= columns && count >= 0, "least squares need rows ≥ columns ≥ 0")
    precondition(matrix.count == rows * columns, "the matrix must hold rows × columns entries")
    precondition(rightHandSides.count == rows * count, "the right-hand sides must hold rows × count entries")
    guard columns > 0, count > 0 else { return [] }
    guard matrix.allSatisfy(\.isFinite), rightHandSides.allSatisfy(\.isFinite) else { return nil }
    let solution = solve(matrix, rows, columns, rightHandSides, count)
    return solution?.allSatisfy(\.isFinite) == true ? solution : nil
  }

  private func solve(
    _ matrix: [Double], _ rows: Int, _ columns: Int, _ rightHandSides: [Double], _ count: Int
  ) -> [Double]? {
    #if OpenBLAS
      if usesLAPACK {
        return LAPACKLeastSquares.solve(
          matrix, rows: rows, columns: columns, rightHandSides: rightHandSides, count: count)
      }
    #endif
    return HouseholderLeastSquares.solve(
      matrix, rows: rows, columns: columns, rightHandSides: rightHandSides, count: count)
  }
}
