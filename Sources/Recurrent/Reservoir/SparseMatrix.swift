/// A matrix of which most entries are zero: those that are not, row after row.
struct SparseMatrix<Scalar: TensorScalar>: Sendable {
  private let rowStarts: [Int]
  private let columns: [Int]
  private let values: [Scalar]

  /// Gathers the entries of a matrix [rows, columns], row-major, that are not zero.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  init(_ matrix: [Scalar], columns columnCount: Int) {
    var rowStarts = [0]
    var columns: [Int] = []
    var values: [Scalar] = []
    for start in stride(from: 0, to: matrix.count, by: max(columnCount, 1)) {
      for column in 0..<columnCount where matrix[start + column] != 0 {
        columns.append(column)
        values.append(matrix[start + column])
      }
      rowStarts.append(values.count)
    }
    (self.rowStarts, self.columns, self.values) = (rowStarts, columns, values)
  }

  /// y ← y + M·x for one vector x [columns] and y [rows], which do not overlap.
  ///
  /// Each element is a sum over its row's entries in order, products rounded before they are added.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func addProduct(with x: UnsafePointer<Scalar>, to y: UnsafeMutablePointer<Scalar>) {
    rowStarts.withUnsafeBufferPointer { rowStarts in
      columns.withUnsafeBufferPointer { columns in
        values.withUnsafeBufferPointer { values in
          for row in 0..<(rowStarts.count - 1) {
            var sum = y[row]
            for index in rowStarts[row]..<rowStarts[row + 1] { sum += values[index] * x[columns[index]] }
            y[row] = sum
          }
        }
      }
    }
  }
}
