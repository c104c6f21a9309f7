@testable import Recurrent

/// A row-major matrix with the few operations that the tests need, written to be plainly right.
struct Matrix {
  var rows: Int
  var columns: Int
  var entries: [Double]

  init(rows: Int, columns: Int, entry: (Int, Int) -> Double) {
    self.rows = rows
    self.columns = columns
    entries = []
    entries.reserveCapacity(rows * columns)
    for row in 0..<rows {
      for column in 0..<columns { entries.append(entry(row, column)) }
    }
  }

  init(order: Int, entry: (Int, Int) -> Double) {
    self.init(rows: order, columns: order, entry: entry)
  }

  init(rows: Int, columns: Int, entries: [Double]) {
    self.rows = rows
    self.columns = columns
    self.entries = entries
  }

  /// Independent entries, uniform on (−√3, √3): mean 0, variance 1.
  static func random(rows: Int, columns: Int, seed: UInt64) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(rows: rows, columns: columns) { _, _ in
      Double.random(in: -1...1, using: &generator) * 3.0.squareRoot()
    }
  }

  subscript(row: Int, column: Int) -> Double {
    get { entries[row * columns + column] }
    set { entries[row * columns + column] = newValue }
  }

  var transposed: Matrix { Matrix(rows: columns, columns: rows) { self[$1, $0] } }

  /// Qᵀ·A·Q for a random orthogonal Q.
  func rotated(seed: UInt64) -> Matrix {
    let factor = orthonormalFactor(of: .random(rows: rows, columns: rows, seed: seed))
    return factor.transposed.times(self).times(factor)
  }

  func times(_ other: Matrix) -> Matrix {
    var product = Matrix(rows: rows, columns: other.columns) { _, _ in 0 }
    for row in 0..<rows {
      for inner in 0..<columns {
        let factor = self[row, inner]
        if factor == 0 { continue }
        for column in 0..<other.columns { product[row, column] += factor * other[inner, column] }
      }
    }
    return product
  }

  var frobeniusNorm: Double { norm(of: entries) }

  func columnNorm(_ column: Int) -> Double { norm(of: (0..<rows).map { self[$0, column] }) }
}

/// √(Σ xᵢ²), scaled by the largest magnitude against overflow.
func norm(of values: [Double]) -> Double {
  let largest = values.map(\.magnitude).max() ?? 0
  guard largest > 0 else { return 0 }
  return largest
    * values.map { ($0 / largest) * ($0 / largest) }.reduce(0, +).squareRoot()
}

typealias Eigenvalue = (real: Double, imaginary: Double)

func modulus(_ value: Eigenvalue) -> Double { norm(of: [value.real, value.imaginary]) }

/// The largest distance when each expected value is matched with the nearest one still free.
///
/// Greedy, so never below the best matching's distance: a small answer proves agreement.
func matchingDistance(_ found: [Eigenvalue], _ expected: [Eigenvalue]) -> Double {
  guard found.count == expected.count else { return .infinity }
  var free = found
  var largest = 0.0
  for value in expected {
    let distances = free.map {
      modulus(($0.real - value.real, $0.imaginary - value.imaginary))
    }
    guard let nearest = distances.indices.min(by: { distances[$0] < distances[$1] }) else {
      return .infinity
    }
    largest = max(largest, distances[nearest])
    free.remove(at: nearest)
  }
  return largest
}

/// sin(πx) for x in [−2, 3], without Foundation: reduction to |x| ≤ 1/4, then the Taylor series.
func sinePi(_ value: Double) -> Double {
  var reduced = value.truncatingRemainder(dividingBy: 2)
  if reduced > 1 { reduced -= 2 }
  if reduced < -1 { reduced += 2 }
  if reduced > 0.5 { reduced = 1 - reduced }
  if reduced < -0.5 { reduced = -1 - reduced }
  let angle = reduced * .pi
  var term = angle
  var sum = angle
  for index in 1..<15 {
    term *= -angle * angle / Double(2 * index * (2 * index + 1))
    sum += term
  }
  return sum
}

/// value^(1/root) for value > 0, by bisection.
func power(_ value: Double, root: Int) -> Double {
  var low = 0.0
  var high = max(1, value)
  for _ in 0..<200 {
    let middle = (low + high) / 2
    let raised = (0..<root).reduce(1.0) { product, _ in product * middle }
    if raised < value { low = middle } else { high = middle }
  }
  return high
}

/// The backends that factorize: LAPACK stands behind OpenBLAS's.
extension Backend {
  func orthonormalFactor(of matrix: Matrix) -> Matrix {
    let entries = Factorizations(self).orthonormalFactor(
      matrix.entries, matrix.rows, matrix.columns)
    return Matrix(rows: matrix.rows, columns: matrix.columns, entries: entries)
  }

  func eigenvalues(of matrix: Matrix) -> [Eigenvalue]? {
    Factorizations(self).eigenvalues(matrix.entries, order: matrix.rows)
  }
}

/// The factor Q of a square matrix by this package.
func orthonormalFactor(of matrix: Matrix) -> Matrix { Backend.swift.orthonormalFactor(of: matrix) }
