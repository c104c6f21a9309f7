import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Trace: |Σλ − tr A| = |tr E| ≤ √order·‖E‖_F, plus the sum's own roundings. Pairs: conjugate
/// values stand together, the positive imaginary part first.
func checkInvariants(
  _ matrix: Matrix, _ values: [Eigenvalue],
  location: SourceLocation = #_sourceLocation
) {
  let order = matrix.rows
  #expect(values.count == order, sourceLocation: location)
  let trace = (0..<order).reduce(0.0) { $0 + matrix[$1, $1] }
  let sum = values.reduce(0.0) { $0 + $1.real }
  let bound =
    2 * Double(order).squareRoot()
    * Tolerance.eigenvalueBackwardError(order: matrix.rows, norm: matrix.frobeniusNorm)
  #expect((sum - trace).magnitude <= bound, sourceLocation: location)
  var index = 0
  while index < values.count {
    if values[index].imaginary == 0 {
      index += 1
      continue
    }
    #expect(values[index].imaginary > 0, sourceLocation: location)
    guard index + 1 < values.count else {
      Issue.record("half a pair", sourceLocation: location)
      return
    }
    #expect(
      values[index + 1] == (values[index].real, -values[index].imaginary),
      sourceLocation: location)
    index += 2
  }
}

/// Normal matrices (eigenvectors orthonormal): Bauer–Fike (Golub & Van Loan, theorem 7.2.2) with
/// condition number 1, so that each eigenvalue moves by ‖E‖ at most.
func checkNormal(
  _ matrix: Matrix, _ expected: [Eigenvalue], _ solver: Backend, condition: Double = 1,
  location: SourceLocation = #_sourceLocation
) throws {
  let values = try #require(solver.eigenvalues(of: matrix), sourceLocation: location)
  checkInvariants(matrix, values, location: location)
  #expect(
    matchingDistance(values, expected) <= condition
      * Tolerance.eigenvalueBackwardError(order: matrix.rows, norm: matrix.frobeniusNorm),
    sourceLocation: location)
}
