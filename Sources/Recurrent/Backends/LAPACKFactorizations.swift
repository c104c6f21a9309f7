#if OpenBLAS
  // Goals, in order:
  // 1. What `Factorizations` promises, with the signatures of `HouseholderQR`, `HessenbergEigenvalues`
  //    and `HouseholderLeastSquares`, at the speed of LAPACK.
  // 2. No surprise from C: sizes that LAPACK's 32-bit integers cannot hold stop here; its behaviour
  //    on input that is not finite, which is not defined, is not asked for.

  internal import COpenBLAS

  /// The QR factorization by LAPACK.
  enum LAPACKQR {
    /// `dgeqrf`, then `dorgqr` (LAPACK Users' Guide, 3rd ed., § 2.4.2.1). A column whose norm
    /// exceeds the range of Double is beyond this function, though not beyond `HouseholderQR`.
    /// LAPACKE transposes row-major matrices into a copy and back in both calls.
    static func orthonormalFactor(of matrix: [Double], rows: Int, columns: Int) -> [Double] {
      let rowCount = lapackInteger(rows)
      let columnCount = lapackInteger(columns)
      var factor = matrix
      var taus = [Double](repeating: 0, count: columns)
      let factored = LAPACKE_dgeqrf(
        LAPACK_ROW_MAJOR, rowCount, columnCount, &factor, columnCount, &taus)
      precondition(factored == 0, "dgeqrf failed with code \(factored)")
      let negative = (0..<columns).filter { factor[$0 * columns + $0] < 0 }
      let generated = LAPACKE_dorgqr(
        LAPACK_ROW_MAJOR, rowCount, columnCount, columnCount, &factor, columnCount, taus)
      precondition(generated == 0, "dorgqr failed with code \(generated)")
      for row in 0..<rows {
        for column in negative { factor[row * columns + column].negate() }
      }
      return factor
    }
  }

  /// The eigenvalues of a real matrix by LAPACK.
  enum LAPACKEigenvalues {
    /// All eigenvalues of a real matrix A [order, order], row-major.
    ///
    /// `dgeev` without eigenvectors (LAPACK Users' Guide, 3rd ed., § 2.3.4.2). A complex pair
    /// stands together, positive imaginary part first.
    ///
    /// - Returns: `order` eigenvalues; nil where an entry of A is not finite, where the iteration
    ///   does not converge, or where an eigenvalue exceeds the range of Double.
    /// - Complexity: about 10·order³ operations.
    static func eigenvalues(
      of matrix: [Double], order: Int
    ) -> [(real: Double, imaginary: Double)]? {
      precondition(order >= 0, "a matrix has no negative order")
      precondition(matrix.count == order * order, "the matrix must hold order × order entries")
      guard order > 0 else { return [] }
      guard matrix.allSatisfy(\.isFinite) else { return nil }
      let count = lapackInteger(order)
      let noVectors = CChar(UInt8(ascii: "N"))
      var work = matrix
      var realParts = [Double](repeating: 0, count: order)
      var imaginaryParts = [Double](repeating: 0, count: order)
      // The leading dimensions of the absent eigenvectors must be positive all the same.
      let status = LAPACKE_dgeev(
        LAPACK_ROW_MAJOR, noVectors, noVectors, count, &work, count, &realParts, &imaginaryParts,
        nil, 1, nil, 1)
      precondition(status >= 0, "dgeev failed with code \(status)")
      guard status == 0 else { return nil }
      let inRange = realParts.allSatisfy(\.isFinite) && imaginaryParts.allSatisfy(\.isFinite)
      guard inRange else { return nil }
      return zip(realParts, imaginaryParts).map { (real: $0, imaginary: $1) }
    }
  }

  /// Linear least squares by LAPACK.
  enum LAPACKLeastSquares {
    /// `dgels`: QR by Householder reflections, without pivoting (LAPACK Users' Guide, 3rd ed., §
    /// 2.3.2). LAPACKE transposes A and B into copies.
    static func solve(
      _ matrix: [Double], rows: Int, columns: Int, rightHandSides: [Double], count: Int
    ) -> [Double]? {
      let columnCount = lapackInteger(columns)
      let rightCount = lapackInteger(count)
      var factored = matrix
      var solution = rightHandSides
      let status = LAPACKE_dgels(
        LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "N")), lapackInteger(rows), columnCount, rightCount, &factored,
        columnCount, &solution, rightCount)
      precondition(status >= 0, "dgels failed with code \(status)")
      guard status == 0 else { return nil }
      solution.removeLast((rows - columns) * count)
      return solution
    }
  }

  /// A size as LAPACK's 32-bit integer; a size beyond its range stops the program instead of being
  /// cut.
  private func lapackInteger(_ size: Int) -> Int32 {
    guard let narrow = Int32(exactly: size) else {
      preconditionFailure("LAPACK's 32-bit integers cannot hold the size \(size)")
    }
    return narrow
  }
#endif
