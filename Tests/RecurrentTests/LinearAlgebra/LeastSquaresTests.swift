import RecurrentTestSupport
import Testing

@testable import Recurrent

extension Backend {
  func leastSquares(_ matrix: Matrix, _ right: Matrix) -> Matrix? {
    Factorizations(self).leastSquares(
      matrix.entries, matrix.rows, matrix.columns, rightHandSides: right.entries, right.columns
    ).map { Matrix(rows: matrix.columns, columns: right.columns, entries: $0) }
  }
}

extension Matrix {
  func minus(_ other: Matrix) -> Matrix {
    Matrix(rows: rows, columns: columns, entries: zip(entries, other.entries).map { $0 - $1 })
  }
}

@Suite struct LeastSquaresTests {
  @Test("the residual is orthogonal to the columns", arguments: Backend.available)
  func gradientVanishes(backend: Backend) throws {
    for (rows, columns, count) in [(1, 1, 1), (2, 1, 3), (5, 5, 1), (17, 4, 2), (64, 33, 5), (200, 40, 1)] {
      let matrix = Matrix.random(rows: rows, columns: columns, seed: UInt64(rows))
      let right = Matrix.random(rows: rows, columns: count, seed: UInt64(columns + 1000))
      let solution = try #require(backend.leastSquares(matrix, right))
      let residual = right.minus(matrix.times(solution))
      let bound = Tolerance.leastSquaresGradient(
        rows: rows, columns: columns, matrixNorm: matrix.frobeniusNorm, rightNorm: right.frobeniusNorm,
        solutionNorm: solution.frobeniusNorm, residualNorm: residual.frobeniusNorm)
      #expect(matrix.transposed.times(residual).frobeniusNorm <= bound, "\(rows) × \(columns)")
    }
  }

  @Test("a solution that exists is found", arguments: Backend.available)
  func consistent(backend: Backend) throws {
    // Orthonormal columns have the condition number 1.
    let matrix = orthonormalFactor(of: .random(rows: 30, columns: 8, seed: 5))
    let exact = Matrix.random(rows: 8, columns: 3, seed: 6)
    let right = matrix.times(exact)
    let solution = try #require(backend.leastSquares(matrix, right))
    let bound = Tolerance.leastSquaresSolution(
      rows: 30, columns: 8, condition: 1, matrixNorm: 1, rightNorm: right.frobeniusNorm,
      solutionNorm: exact.frobeniusNorm, residualNorm: 0)
    // The product in the test rounds as much as the solution does.
    #expect(solution.minus(exact).frobeniusNorm <= 2 * bound)
  }

  @Test("an entry that is not finite and a column of zeros have no solution", arguments: Backend.available)
  func refusals(backend: Backend) {
    let matrix = Matrix.random(rows: 6, columns: 3, seed: 1)
    let right = Matrix.random(rows: 6, columns: 2, seed: 2)
    for value in [Double.nan, .infinity] {
      var broken = matrix
      broken[4, 1] = value
      #expect(backend.leastSquares(broken, right) == nil)
      var brokenRight = right
      brokenRight[0, 1] = value
      #expect(backend.leastSquares(matrix, brokenRight) == nil)
    }
    let zeros = Matrix(rows: 6, columns: 3) { _, column in column == 1 ? 0 : 1 }
    #expect(backend.leastSquares(zeros, right) == nil)
  }

  @Test("no columns and no right-hand sides give nothing", arguments: Backend.available)
  func empty(backend: Backend) {
    let none = Matrix(rows: 4, columns: 0, entries: [])
    let some = Matrix.random(rows: 4, columns: 2, seed: 3)
    #expect(backend.leastSquares(none, some)?.entries == [])
    #expect(backend.leastSquares(some, none)?.entries == [])
  }

  @Test("scaling columns by powers of two scales the solution and changes no other bit")
  func scaling() throws {
    let matrix = Matrix.random(rows: 12, columns: 3, seed: 7)
    let right = Matrix.random(rows: 12, columns: 1, seed: 8)
    let solution = try #require(Backend.swift.leastSquares(matrix, right))
    var scaled = matrix
    let exponents = [900, -900, 3]
    for row in 0..<12 {
      for column in 0..<3 {
        scaled[row, column] *= Double(sign: .plus, exponent: exponents[column], significand: 1)
      }
    }
    let other = try #require(Backend.swift.leastSquares(scaled, right))
    for column in 0..<3 {
      let back = other[column, 0] * Double(sign: .plus, exponent: exponents[column], significand: 1)
      #expect(back == solution[column, 0])
    }
  }
}

@Suite struct RidgeRegressionTests {
  private func solve(
    _ features: Matrix, _ targets: Matrix, penalty: Double, _ backend: Backend
  ) -> RidgeRegression.Solution? {
    RidgeRegression.solve(
      features: features.entries, targets: targets.entries, rows: features.rows, penalty: penalty,
      backend: backend)
  }

  @Test(
    "orthonormal features without mean shrink by 1 + λ, and the intercept is the mean",
    arguments: Backend.available)
  func shrinkage(backend: Backend) throws {
    // Columns of ±1/2 that are orthogonal to each other and to the ones.
    let features = Matrix(rows: 4, columns: 2, entries: [1, 1, 1, -1, -1, 1, -1, -1].map { $0 / 2 })
    let targets = Matrix(rows: 4, columns: 1, entries: [7, 3, 2, -4])
    let projections = [6.0, 5]
    for penalty in [0, 1, 3] as [Double] {
      let solution = try #require(solve(features, targets, penalty: penalty, backend))
      let norm = (2 + 4 + 2 * penalty).squareRoot()
      let bound = Tolerance.leastSquaresSolution(
        rows: 6, columns: 3, condition: norm, matrixNorm: norm, rightNorm: targets.frobeniusNorm,
        solutionNorm: 9, residualNorm: targets.frobeniusNorm)
      for (weight, projection) in zip(solution.weights, projections) {
        #expect((weight - projection / (1 + penalty)).magnitude <= bound)
      }
      #expect((solution.intercepts[0] - 2).magnitude <= bound)
    }
  }

  @Test(
    "the intercept pays no penalty: targets moved by a constant move it alone",
    arguments: Backend.available)
  func freeIntercept(backend: Backend) throws {
    let features = Matrix.random(rows: 40, columns: 6, seed: 1)
    let targets = Matrix.random(rows: 40, columns: 2, seed: 2)
    let moved = Matrix(rows: 40, columns: 2, entries: targets.entries.map { $0 + 64 })
    let before = try #require(solve(features, targets, penalty: 2, backend))
    let after = try #require(solve(features, moved, penalty: 2, backend))
    let norm = features.frobeniusNorm + 7
    // The augmented matrix's singular values are at least √2, or √40 for the ones, less what mixes
    // both: above 1.
    let bound = Tolerance.leastSquaresSolution(
      rows: 46, columns: 7, condition: norm, matrixNorm: norm, rightNorm: moved.frobeniusNorm,
      solutionNorm: 64, residualNorm: targets.frobeniusNorm)
    for (a, b) in zip(before.weights, after.weights) { #expect((a - b).magnitude <= 2 * bound) }
    for (a, b) in zip(before.intercepts, after.intercepts) { #expect((a + 64 - b).magnitude <= 2 * bound) }
  }

  @Test("LAPACK and this package agree", arguments: Backend.available)
  func parity(backend: Backend) throws {
    let features = Matrix.random(rows: 90, columns: 20, seed: 3)
    let targets = Matrix.random(rows: 90, columns: 2, seed: 4)
    let own = try #require(solve(features, targets, penalty: 1, .swift))
    let other = try #require(solve(features, targets, penalty: 1, backend))
    let norm = features.frobeniusNorm + 10
    let bound = Tolerance.leastSquaresSolution(
      rows: 110, columns: 21, condition: norm, matrixNorm: norm, rightNorm: targets.frobeniusNorm,
      solutionNorm: RecurrentTests.norm(of: own.weights + own.intercepts), residualNorm: targets.frobeniusNorm
    )
    #expect(RecurrentTests.norm(of: zip(own.weights, other.weights).map { $0 - $1 }) <= 2 * bound)
    #expect(RecurrentTests.norm(of: zip(own.intercepts, other.intercepts).map { $0 - $1 }) <= 2 * bound)
  }

  @Test(
    "a penalty of 10⁻¹⁶ still decides between features that agree to 10⁻⁸", arguments: Backend.available)
  func smallPenalty(backend: Backend) throws {
    // Features s ± δ·t: along their difference S has the singular value √8·δ, and λ = 8·δ² halves
    // what they take of it. SᵀS would hold 4 ± 4·δ², which is 4 in Double.
    let delta = 0x1p-28
    let (s, t) = ([1.0, 1, -1, -1], [1.0, -1, 1, -1])
    let features = Matrix(rows: 4, columns: 2) { row, column in
      s[row] + (column == 0 ? delta : -delta) * t[row]
    }
    let targets = Matrix(rows: 4, columns: 1) { row, _ in delta * t[row] }
    let bound = Tolerance.leastSquaresSolution(
      rows: 6, columns: 3, condition: 1 / delta, matrixNorm: 12.0.squareRoot(), rightNorm: 2 * delta,
      solutionNorm: 1, residualNorm: 2 * delta)
    for (penalty, expected) in [(0, 1), (8 * delta * delta, 0.5)] {
      let solution = try #require(solve(features, targets, penalty: penalty, backend))
      #expect((solution.weights[0] - solution.weights[1] - expected).magnitude <= 2 * bound)
    }
  }

  @Test(
    "dependent features, and fewer rows than features, have a solution only with a penalty",
    arguments: Backend.available)
  func dependence(backend: Backend) throws {
    let features = Matrix(rows: 5, columns: 2) { row, column in column == 0 ? 0 : Double(row) }
    let targets = Matrix(rows: 5, columns: 1) { row, _ in Double(row) }
    #expect(solve(features, targets, penalty: 0, backend) == nil)
    let solution = try #require(solve(features, targets, penalty: 1, backend))
    #expect(solution.weights[0] == 0 && solution.weights[1] > 0.5)
    let wide = Matrix.random(rows: 2, columns: 4, seed: 9)
    let few = Matrix.random(rows: 2, columns: 1, seed: 10)
    #expect(solve(wide, few, penalty: 0, backend) == nil)
    #expect(solve(wide, few, penalty: 1, backend) != nil)
  }
}
