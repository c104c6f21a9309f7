import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct HouseholderQRTests {
  /// QᵀQ = I in Frobenius norm; each column of A − Q·(QᵀA), and the part of QᵀA below the diagonal,
  /// relative to the column of A; the diagonal of QᵀA not below 0.
  func check(
    _ matrix: Matrix, _ factorizer: Backend,
    location: SourceLocation = #_sourceLocation
  ) {
    let factor = factorizer.orthonormalFactor(of: matrix)
    let bound = Tolerance.orthonormality(rows: matrix.rows, columns: matrix.columns)
    var gram = factor.transposed.times(factor)
    for index in 0..<gram.rows { gram[index, index] -= 1 }
    #expect(gram.frobeniusNorm <= bound, sourceLocation: location)
    let triangle = factor.transposed.times(matrix)
    let product = factor.times(triangle)
    for column in 0..<matrix.columns {
      let size = matrix.columnNorm(column)
      let residual = (0..<matrix.rows).map { matrix[$0, column] - product[$0, column] }
      #expect(norm(of: residual) <= bound * size, sourceLocation: location)
      let below = ((column + 1)..<max(matrix.columns, column + 1)).map { triangle[$0, column] }
      #expect(norm(of: below) <= bound * size, sourceLocation: location)
      #expect(triangle[column, column] >= -bound * size, sourceLocation: location)
    }
  }

  @Test("Q is orthonormal and A = Q·R for random matrices", arguments: Backend.available)
  func randomMatrices(factorizer: Backend) {
    let shapes = [
      (0, 0), (5, 0), (1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (7, 5), (16, 16), (33, 32), (64, 3),
      (100, 1), (129, 65), (200, 200), (300, 17),
    ]
    for (rows, columns) in shapes {
      check(.random(rows: rows, columns: columns, seed: UInt64(rows + columns)), factorizer)
    }
  }

  @Test("Q is orthonormal where the rank is deficient", arguments: Backend.available)
  func rankDeficientMatrices(factorizer: Backend) {
    check(Matrix(order: 6) { _, _ in 0 }, factorizer)
    check(Matrix(rows: 9, columns: 4) { _, _ in 1 }, factorizer)
    check(Matrix(rows: 9, columns: 4) { row, _ in row == 8 ? -2 : 0 }, factorizer)
    check(Matrix(rows: 5, columns: 5) { row, column in column == 2 ? 0 : Double(row) }, factorizer)
    let left = Matrix.random(rows: 60, columns: 7, seed: 1)
    check(left.times(.random(rows: 7, columns: 40, seed: 2)), factorizer)
  }

  @Test("badly scaled columns cost no accuracy", arguments: Backend.available)
  func badlyScaledColumns(factorizer: Backend) {
    let powers = [0.0, 150, -150, 290, -290]
    for power in powers {
      var matrix = Matrix.random(rows: 20, columns: 10, seed: 3)
      for row in 0..<20 {
        for column in 0..<10 {
          let decimal = column % 2 == 0 ? power : -power / 2
          matrix[row, column] *= Double(sign: .plus, exponent: Int(decimal * 3.3), significand: 1)
        }
      }
      check(matrix, factorizer)
    }
  }

  @Test("scaling columns by powers of two changes no bit of Q")
  func extremeColumnsKeepTheFactor() {
    // Q must be bitwise that of the unscaled matrix: the scaling is by powers of two alone.
    let matrix = Matrix.random(rows: 12, columns: 6, seed: 4)
    var scaled = matrix
    for row in 0..<12 {
      for column in 0..<6 {
        let exponent = [1022, -960, 0, 7, -500, 900][column]
        scaled[row, column] *= Double(sign: .plus, exponent: exponent, significand: 1)
      }
    }
    let factor = Backend.swift.orthonormalFactor(of: scaled)
    #expect(factor.entries == Backend.swift.orthonormalFactor(of: matrix).entries)
  }

  @Test("R's diagonal is not negative", arguments: Backend.available)
  func signs(factorizer: Backend) {
    let negative = Matrix(order: 4) { $0 == $1 ? -3 : 0 }
    #expect(
      factorizer.orthonormalFactor(of: negative).entries
        == Matrix(order: 4) { $0 == $1 ? -1 : 0 }.entries)
    let identity = Matrix(order: 4) { $0 == $1 ? 1 : 0 }
    #expect(factorizer.orthonormalFactor(of: identity).entries == identity.entries)
    // The second column's part beyond the first is far below the first's roundoff, and negative.
    let tiny = Matrix(rows: 2, columns: 2, entries: [1, 1, 0, -1e-200])
    #expect(factorizer.orthonormalFactor(of: tiny).entries == [1, 0, 0, -1])
  }

  @Test("an entry that is not finite makes Q NaN", arguments: Backend.available)
  func notFinite(factorizer: Backend) {
    for value in [Double.nan, .infinity, -.infinity] {
      let matrix = Matrix(rows: 3, columns: 2) { row, column in
        row == 1 && column == 1 ? value : 1
      }
      let factor = factorizer.orthonormalFactor(of: matrix)
      #expect(factor.entries.count { $0.isNaN } == 6)
    }
  }

  @Test("LAPACK and this package agree", arguments: Backend.available)
  func agreesWithLAPACK(factorizer: Backend) {
    // Q moves with A by κ(A) at most; the added 20·I keeps κ below 36 / 4 (random part ≤ 2·√order).
    let order = 64
    var matrix = Matrix.random(rows: order, columns: order, seed: 5)
    for index in 0..<order { matrix[index, index] += 20 }
    let left = Backend.swift.orthonormalFactor(of: matrix)
    let right = factorizer.orthonormalFactor(of: matrix)
    let distance = norm(of: zip(left.entries, right.entries).map { $0 - $1 })
    #expect(distance <= 10 * 2 * Tolerance.orthonormality(rows: order, columns: order))
    // Rectangular: LAPACKE's transposition of row-major input must not swap the two sizes.
    let tall = Matrix.random(rows: 90, columns: 20, seed: 6)
    let tallLeft = Backend.swift.orthonormalFactor(of: tall)
    let tallRight = factorizer.orthonormalFactor(of: tall)
    let tallDistance = norm(of: zip(tallLeft.entries, tallRight.entries).map { $0 - $1 })
    #expect(tallDistance <= 10 * 2 * Tolerance.orthonormality(rows: 90, columns: 20))
  }
}
