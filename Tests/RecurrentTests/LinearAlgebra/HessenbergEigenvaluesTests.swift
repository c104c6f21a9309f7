import RecurrentTestSupport
import Testing

@testable import Recurrent

// Known eigenvalues of special matrices, within bounds from perturbation theory.

@Suite struct HessenbergEigenvaluesTests {
  @Test("small matrices have their known eigenvalues", arguments: Backend.available)
  func smallOrders(solver: Backend) throws {
    #expect(try #require(solver.eigenvalues(of: Matrix(order: 0) { _, _ in 0 })).isEmpty)
    let single = try #require(solver.eigenvalues(of: Matrix(order: 1) { _, _ in -7.5 }))
    #expect(single.count == 1 && single[0] == (-7.5, 0))
    let rotation = Matrix(rows: 2, columns: 2, entries: [0, -3, 3, 0])
    try checkNormal(rotation, [(0, 3), (0, -3)], solver)
    let symmetric = Matrix(rows: 2, columns: 2, entries: [2, 1, 1, 2])
    try checkNormal(symmetric, [(1, 0), (3, 0)], solver)
    let cyclic = Matrix(rows: 3, columns: 3, entries: [0, 0, 1, 1, 0, 0, 0, 1, 0])
    let half = 0.75.squareRoot()
    try checkNormal(cyclic, [(1, 0), (-0.5, half), (-0.5, -half)], solver)
  }

  @Test("zero and constant matrices have their known eigenvalues", arguments: Backend.available)
  func zeroAndConstantMatrices(solver: Backend) throws {
    for order in [1, 2, 3, 5, 40] {
      let zero = try #require(solver.eigenvalues(of: Matrix(order: order) { _, _ in 0 }))
      #expect(zero.count == order)
      #expect(zero.count { $0.real == 0 && $0.imaginary == 0 } == order)
      let zeros = [Eigenvalue](repeating: (0, 0), count: order - 1)
      try checkNormal(
        Matrix(order: order) { _, _ in 1 }, zeros + [(Double(order), 0)], solver)
    }
  }

  @Test("symmetric matrices, repeated eigenvalues too", arguments: Backend.available)
  func symmetricMatrices(solver: Backend) throws {
    // Second differences: 2 − 2·cos(kπ/(n + 1)) = 4·sin²(kπ/(2n + 2)).
    for order in [2, 3, 10, 100] {
      let differences = Matrix(order: order) { row, column in
        row == column ? 2 : (row - column).magnitude == 1 ? -1 : 0
      }
      let expected = (1...order).map { index -> Eigenvalue in
        let sine = sinePi(Double(index) / Double(2 * order + 2))
        return (4 * sine * sine, 0)
      }
      try checkNormal(differences, expected, solver)
    }
    // Repeated eigenvalues: 1, 2, 2, 3, 3, 3, … in a random orthonormal basis.
    let repeats = [1.0, 2, 2, 3, 3, 3, 4, 4, 4, 4, -5, -5, -5, -5, -5]
    let diagonal = Matrix(order: repeats.count) { $0 == $1 ? repeats[$0] : 0 }
    try checkNormal(diagonal.rotated(seed: 11), repeats.map { ($0, 0) }, solver)
  }

  @Test("orthogonal matrices have eigenvalues of magnitude 1", arguments: Backend.available)
  func orthogonalMatrices(solver: Backend) throws {
    for order in [1, 2, 3, 4, 10, 50, 90] {
      let random = Matrix.random(rows: order, columns: order, seed: UInt64(order))
      let factor = orthonormalFactor(of: random)
      let values = try #require(solver.eigenvalues(of: factor))
      checkInvariants(factor, values)
      for value in values {
        #expect(
          (modulus(value) - 1).magnitude
            <= Tolerance.eigenvalueBackwardError(order: factor.rows, norm: factor.frobeniusNorm))
      }
      // Cyclic permutations, on which the usual shifts make no progress: the roots of unity.
      let cyclic = Matrix(order: order) { ($0 + 1) % order == $1 ? 1 : 0 }
      let roots = (0..<order).map { index -> Eigenvalue in
        let angle = 2 * Double(index) / Double(order)
        return (sinePi(angle + 0.5), sinePi(angle))
      }
      try checkNormal(cyclic, roots, solver)
    }
  }

  @Test("triangular matrices give their diagonal exactly", arguments: Backend.available)
  func triangularMatrices(solver: Backend) throws {
    // Read off exactly, whatever is above the diagonal, and also when rows and columns are
    // permuted.
    for order in [1, 2, 5, 60, 121] {
      let random = Matrix.random(rows: order, columns: order, seed: UInt64(order))
      let upper = Matrix(order: order) { $0 <= $1 ? random[$0, $1] : 0 }
      let expected = (0..<order).map { (real: upper[$0, $0], imaginary: 0.0) }
      let permuted = Matrix(order: order) { upper[($0 * 7 + 1) % order, ($1 * 7 + 1) % order] }
      for matrix in [upper, upper.transposed, permuted] {
        if order % 7 == 0 && matrix.entries == permuted.entries { continue }
        let values = try #require(solver.eigenvalues(of: matrix))
        #expect(matchingDistance(values, expected) == 0)
      }
    }
  }

  @Test("defective matrices", arguments: Backend.available)
  func jordanBlocks(solver: Backend) throws {
    for order in [2, 3, 4, 8, 20] {
      let block = Matrix(order: order) { row, column in
        row == column ? 3 : row + 1 == column ? 1 : 0
      }
      let exact = [Eigenvalue](repeating: (3, 0), count: order)
      #expect(matchingDistance(try #require(solver.eigenvalues(of: block)), exact) == 0)
      // In a random basis: (λ − 3)ⁿ = δ with |δ| ≲ n·‖E‖ (Golub & Van Loan, § 7.2.3).
      let hidden = block.rotated(seed: UInt64(order))
      let values = try #require(solver.eigenvalues(of: hidden))
      checkInvariants(hidden, values)
      let bound = power(
        2 * Double(order) * Tolerance.eigenvalueBackwardError(order: hidden.rows, norm: hidden.frobeniusNorm),
        root: order)
      #expect(matchingDistance(values, exact) <= bound)
    }
  }

  @Test("companion matrices give the roots", arguments: Backend.available)
  func companionMatrices(solver: Backend) throws {
    // Π (λ − k), k = 1…n, coefficients exact in Double. The condition of root k of the polynomial
    // is
    // |p(|k|)|₊ / |p′(k)|; 1 + Σ|coefficients| stands for the balanced norm, so the bound is safe.
    for degree in 2...10 {
      var coefficients = [1.0]
      for root in 1...degree {
        var next = coefficients + [0]
        for index in coefficients.indices { next[index + 1] -= Double(root) * coefficients[index] }
        coefficients = next
      }
      let companion = Matrix(order: degree) { row, column in
        row == 0 ? -coefficients[column + 1] : row == column + 1 ? 1 : 0
      }
      let values = try #require(solver.eigenvalues(of: companion))
      checkInvariants(companion, values)
      for root in 1...degree {
        let point = Double(root)
        let sizes = coefficients.reduce(0) { $0 * point + $1.magnitude }
        var slope = 1.0
        for other in 1...degree where other != root { slope *= Double(root - other) }
        let distance = values.map { modulus(($0.real - point, $0.imaginary)) }.min() ?? .infinity
        #expect(
          distance <= 4 * Double(degree) * Tolerance.unitRoundoff(Double.self) * sizes / slope.magnitude)
      }
    }
  }

  @Test("the scale costs no accuracy", arguments: Backend.available)
  func extremeScales(solver: Backend) throws {
    let random = Matrix.random(rows: 12, columns: 12, seed: 21)
    let reference = try #require(solver.eigenvalues(of: random))
    // 2^±500 ≈ 10^±150, and near both ends of the exponent range.
    for exponent in [500, -500, 900, -900, 1018, -1015] {
      let scale = Double(sign: .plus, exponent: exponent, significand: 1)
      let scaled = Matrix(order: 12) { random[$0, $1] * scale }
      let values = try #require(solver.eigenvalues(of: scaled))
      let distance = matchingDistance(
        values.map { ($0.real / scale, $0.imaginary / scale) }, reference)
      // Both are within the backward error of the truth; 12 bounds the eigenvalues' condition.
      #expect(
        distance <= 2 * 12 * Tolerance.eigenvalueBackwardError(order: random.rows, norm: random.frobeniusNorm)
      )
    }
    // Huge and tiny entries in one matrix: ±√(10¹⁵⁰·10⁻¹⁵⁰) = ±1, and a graded triple.
    let mixed = Matrix(rows: 2, columns: 2, entries: [0, 1e150, 1e-150, 0])
    let units = try #require(solver.eigenvalues(of: mixed))
    #expect(matchingDistance(units, [(1, 0), (-1, 0)]) <= 4 * 2 * Tolerance.unitRoundoff(Double.self))
    // A diagonal similarity of J + 2·I (J all ones): 5, 2, 2. Entries as far apart as 10³⁰⁰ and
    // 10⁻³⁰⁰ are beyond LAPACK, which scales the whole matrix before it balances.
    let spreads = solver == .swift ? [1e20, 1e75, 1e150] : [1e20, 1e75]
    for spread in spreads {
      let graded = Matrix(order: 3) { row, column in
        [spread, 1 / spread, 1][row] * [1 / spread, spread, 1][column] * (row == column ? 3 : 1)
      }
      let similar = try #require(solver.eigenvalues(of: graded))
      // The spreads are no powers of two: rounded, they move the entries by a few u as well.
      #expect(
        matchingDistance(similar, [(5, 0), (2, 0), (2, 0)]) <= 8 * 3 * Tolerance.unitRoundoff(Double.self) * 6
      )
    }
  }
}
