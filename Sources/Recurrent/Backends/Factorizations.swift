/// The dense factorizations, by LAPACK where it is linked and wanted, else by this package.
struct Factorizations {
  private let usesLAPACK: Bool

  /// Resolves the backend: `.automatic` takes LAPACK where it is linked.
  init(_ backend: Backend) {
    usesLAPACK = backend != .swift && OpenBLASLibrary.isLinked
  }

  /// The factor Q of A = Q·R with orthonormal columns, for A [rows, columns], rows ≥ columns,
  /// row-major.
  func orthonormalFactor(_ matrix: [Double], _ rows: Int, _ columns: Int) -> [Double] {
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

  /// The X that minimizes ‖A·X − B‖_F, for A [rows, columns] of full rank, rows ≥ columns, and B
  /// [rows, count], row-major; `nil` where an entry is not finite or A's rank is deficient.
  func leastSquares(
    _ matrix: [Double], _ rows: Int, _ columns: Int, rightHandSides: [Double], _ count: Int
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
