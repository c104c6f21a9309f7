import RecurrentTestSupport
import Testing

@testable import Recurrent

/// What holds for the eigenvalues of any matrix, however it was made.
@Suite struct EigenvalueInvariantTests {
  @Test("input that is not finite, or out of range, gives nil", arguments: Backend.available)
  func refusals(solver: Backend) {
    for value in [Double.nan, .infinity, -.infinity] {
      for order in [1, 2, 5] {
        let matrix = Matrix(order: order) { $0 == order - 1 && $1 == 0 ? value : 1 }
        #expect(solver.eigenvalues(of: matrix) == nil)
      }
    }
    // The eigenvalue 4·1.5e308 is out of range.
    #expect(solver.eigenvalues(of: Matrix(order: 4) { _, _ in 1.5e308 }) == nil)
  }

  @Test("the product of the eigenvalues is the determinant", arguments: Backend.available)
  func determinants(solver: Backend) throws {
    // |Π λ| = |det A| = Π Rₖₖ, where R = QᵀA. Relative error of a determinant: order·‖A⁻¹‖·‖E‖.
    for order in [1, 2, 3, 8, 31, 100] {
      var matrix = Matrix.random(rows: order, columns: order, seed: UInt64(40 + order))
      let shift = 3 * Double(order).squareRoot()
      for index in 0..<order { matrix[index, index] += shift }
      let factor = orthonormalFactor(of: matrix)
      let triangle = factor.transposed.times(matrix)
      let values = try #require(solver.eigenvalues(of: matrix))
      checkInvariants(matrix, values)
      // Scaled by the shift, so that the products stay in range.
      let product = values.reduce(1.0) { $0 * (modulus($1) / shift) }
      let determinant = (0..<order).reduce(1.0) { $0 * (triangle[$1, $1] / shift) }
      // ‖A⁻¹‖ ≤ 1 / (shift − ‖G‖₂) with ‖G‖₂ ≤ 2·√order for the random part G: 1 / √order.
      let bound =
        Double(order) * 2 * Tolerance.eigenvalueBackwardError(order: matrix.rows, norm: matrix.frobeniusNorm)
        / Double(order).squareRoot()
      #expect((product / determinant - 1).magnitude <= bound)
    }
  }

  @Test("LAPACK and this package agree", arguments: Backend.available)
  func agreesWithLAPACK(solver: Backend) throws {
    for order in Array(1...40) + [64, 65, 100] {
      let matrix = Matrix.random(rows: order, columns: order, seed: UInt64(1000 + order))
      let values = try #require(Backend.swift.eigenvalues(of: matrix))
      let expected = try #require(solver.eigenvalues(of: matrix))
      checkInvariants(matrix, values)
      checkInvariants(matrix, expected)
      // The condition numbers of the eigenvalues of such matrices are of size up to about the order
      // (Chalker & Mehlig, Physical Review Letters 81, 1998).
      let condition = Double(order)
      #expect(
        matchingDistance(values, expected) <= 2 * condition
          * Tolerance.eigenvalueBackwardError(order: matrix.rows, norm: matrix.frobeniusNorm))
      let radius = values.map(modulus).max() ?? 0
      let expectedRadius = expected.map(modulus).max() ?? 0
      #expect((radius - expectedRadius).magnitude <= 1e-10 * expectedRadius)
    }
  }

  @Test("matrices of many structures converge", arguments: Backend.available)
  func convergesForManyStructures(solver: Backend) throws {
    // Small integers give repeated, defective and zero eigenvalues often.
    var generator = SeededGenerator(seed: 77)
    for order in 2...12 {
      for _ in 0..<60 {
        let matrix = Matrix(order: order) { _, _ in
          Double(Int.random(in: -1...1, using: &generator))
        }
        let values = try #require(Backend.swift.eigenvalues(of: matrix))
        checkInvariants(matrix, values)
      }
    }
    // Day, How the QR algorithm fails to converge and how to fix it (1996): for a range of small η
    // the standard shifts stall.
    for exponent in -60...1 {
      for significand in [1, 1.3, 1.7] {
        let small = Double(sign: .plus, exponent: exponent, significand: significand)
        let matrix = Matrix(
          rows: 4, columns: 4,
          entries: [0, 1, 0, 0, 1, 0, small, 0, 0, -small, 0, 1, 0, 0, 1, 0])
        let values = try #require(Backend.swift.eigenvalues(of: matrix))
        let expected = try #require(solver.eigenvalues(of: matrix))
        checkInvariants(matrix, values)
        // For η → 0 the eigenvalues ±1 are double: they move by √‖E‖ at most.
        let bound = power(
          2 * Tolerance.eigenvalueBackwardError(order: matrix.rows, norm: matrix.frobeniusNorm), root: 2)
        #expect(matchingDistance(values, expected) <= bound)
      }
    }
    // Kronecker products Q ⊗ J of a permutation and a Jordan block: defective, all |λ| = 1.
    for order in [2, 3, 4, 6] {
      let matrix = Matrix(order: 4 * order) { row, column in
        let permutes = (row / 4 + 1) % order == column / 4
        return permutes && (row % 4 == column % 4 || row % 4 + 1 == column % 4) ? 1 : 0
      }
      let hidden = matrix.rotated(seed: UInt64(order))
      let values = try #require(Backend.swift.eigenvalues(of: hidden))
      checkInvariants(hidden, values)
      let bound = power(
        8 * Double(order) * Tolerance.eigenvalueBackwardError(order: hidden.rows, norm: hidden.frobeniusNorm),
        root: 4)
      for value in values { #expect((modulus(value) - 1).magnitude <= bound) }
    }
  }

  @Test("entries of all magnitudes converge")
  func convergesForEntriesOfAllMagnitudes() throws {
    var generator = SeededGenerator(seed: 78)
    for spread in [20, 200, 700, 1015] {
      for _ in 0..<500 {
        let order = Int.random(in: 2...12, using: &generator)
        let density = Double.random(in: 0.3...1, using: &generator)
        let matrix = Matrix(order: order) { _, _ in
          guard Double.random(in: 0...1, using: &generator) < density else { return 0 }
          let exponent = Int.random(in: -spread...spread, using: &generator)
          return Double.random(in: -1...1, using: &generator)
            * Double(sign: .plus, exponent: exponent, significand: 1)
        }
        let values = try #require(Backend.swift.eigenvalues(of: matrix))
        checkInvariants(matrix, values)
      }
    }
    // Subdiagonal entries that underflow beside the largest entry, yet not in absolute terms.
    let entries = [
      1.5e-89, 1.2e-90, -2.5e-76, -1.26e35, 0.0063, 3.1e86, -8.5e25, -1.74e20, 1.44e12,
    ]
    let matrix = Matrix(rows: 3, columns: 3, entries: entries)
    let values = try #require(Backend.swift.eigenvalues(of: matrix))
    checkInvariants(matrix, values)
  }
}
