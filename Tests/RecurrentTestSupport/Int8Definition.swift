/// What a product with weights of 8 bits is, an element after the other.
///
/// Rows are rounded in parts of 512 terms to whole numbers from −32767 to 32767, columns to whole
/// numbers from −127 to 127; their product is a whole number, and is scaled back.
public enum Int8Definition {
  /// C = start + A·Bᵀ.
  ///
  /// - Parameters:
  ///   - a: `[rows, depth]`.
  ///   - b: `[columns, depth]`, numbers of the format already.
  ///   - rows: The rows of A and C.
  ///   - columns: The rows of B.
  ///   - depth: The terms of a sum.
  ///   - start: `[rows, columns]`.
  ///   - isFused: Whether a multiply-add is rounded once.
  /// - Returns: `[rows, columns]`.
  public static func product(
    _ a: [Float], _ b: [Float], rows: Int, columns: Int, depth: Int, from start: [Float], isFused: Bool
  ) -> [Float] {
    let scales = (0..<columns).map { column in
      let greatest = b[(column * depth)..<((column + 1) * depth)].reduce(0) { max($0, $1.magnitude) }
      return Float(bitPattern: (greatest / 127).bitPattern & ~0x7F)
    }
    var c = start
    for row in 0..<rows {
      for first in stride(from: 0, to: depth, by: 512) {
        let part = a[(row * depth + first)..<(row * depth + min(depth, first + 512))]
        let greatest = part.reduce(0) { max($0, $1.magnitude) }
        guard greatest > 0 else { continue }
        let numbers = part.map { Int(($0 * (32767 / greatest)).rounded(.toNearestOrEven)) }
        for column in 0..<columns where scales[column] > 0 {
          var sum = 0
          for (k, number) in numbers.enumerated() {
            sum += number * Int((b[column * depth + first + k] / scales[column]).rounded())
          }
          precondition(sum.magnitude < 1 << 31, "a sum of whole numbers beyond 32 bits")
          let scale = greatest / 32767 * scales[column]
          let place = row * columns + column
          c[place] = isFused ? c[place].addingProduct(Float(sum), scale) : c[place] + Float(sum) * scale
        }
      }
    }
    return c
  }
}
