#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension Tensor: CustomStringConvertible {
  /// The elements in nested brackets, in columns of one width.
  ///
  ///     [[ 0.5000, -1.0000],
  ///      [12.2500,  3.0000]]
  ///
  /// Four digits behind the point, or an exponent where magnitudes need one. Of an axis that is
  /// longer than six in a tensor of more than a thousand elements, the first and the last three are
  /// shown; of one without elements, of which an axis is so long, too.
  public var description: String {
    // Sizes beside a size of 0 may be any.
    let summarized = scalars.count > 1000 || scalars.isEmpty
    let format = numberFormat(summarized: summarized)
    let width = shownOffsets(summarized: summarized).map { text($0, format).count }.max() ?? 0
    return lines(axis: 0, offset: 0, summarized: summarized) { offset in
      let text = text(offset, format)
      return String(repeating: " ", count: width - text.count) + text
    }
  }

  private func text(_ offset: Int, _ format: String) -> String {
    let value = Double(scalars[offset])
    return withVaList([value]) { arguments in
      var buffer = [CChar](repeating: 0, count: 400)
      let length = vsnprintf(&buffer, buffer.count, format, arguments)
      return String(decoding: buffer.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// A fixed point where all shown magnitudes suit it, else an exponent.
  private func numberFormat(summarized: Bool) -> String {
    let magnitudes = shownOffsets(summarized: summarized).map { scalars[$0].magnitude }
      .filter { $0.isFinite && $0 != 0 }
    let suits = (magnitudes.max() ?? 1) < 1e5 && (magnitudes.min() ?? 1) >= 1e-3
    return suits ? "%.4f" : "%.4e"
  }

  /// The indices of an axis that are shown; `nil` stands for those left out.
  private func shownIndices(_ size: Int, summarized: Bool) -> [Int?] {
    guard summarized, size > 6 else { return Array(0..<size) }
    return [0, 1, 2, nil, size - 3, size - 2, size - 1]
  }

  private func shownOffsets(summarized: Bool) -> [Int] {
    shape.dimensions.reduce([0]) { offsets, size in
      let shown = shownIndices(size, summarized: summarized).compactMap { $0 }
      return offsets.flatMap { offset in shown.map { offset * size + $0 } }
    }
  }

  private func lines(
    axis: Int, offset: Int, summarized: Bool, element: (Int) -> String
  ) -> String {
    guard axis < shape.rank else { return element(offset) }
    let size = shape[axis]
    let parts = shownIndices(size, summarized: summarized).map { index in
      index.map {
        lines(
          axis: axis + 1, offset: offset * size + $0, summarized: summarized, element: element)
      } ?? "…"
    }
    // Rows stand under each other, matrices are parted by an empty line.
    let breaks = shape.rank - axis - 1
    let separator =
      breaks == 0
      ? ", "
      : "," + String(repeating: "\n", count: Swift.min(breaks, 2)) + String(repeating: " ", count: axis + 1)
    return "[" + parts.joined(separator: separator) + "]"
  }
}
