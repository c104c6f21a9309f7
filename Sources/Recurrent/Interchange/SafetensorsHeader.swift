/// What the header of a safetensors file says, checked against the file's size.
struct SafetensorsHeader: Sendable {
  /// Where one tensor stands.
  struct Entry: Sendable {
    var name: ExactName
    /// `nil` for a type that this version does not know.
    var type: ElementType?
    /// How the header calls the type.
    var typeName: String
    var shape: Shape
    /// The bytes of the data section.
    var range: Range<Int>
  }

  /// The name in the header that is no tensor's.
  static let metadataKey = "__metadata__"
  /// The greatest length of a header, that of the reference reader.
  static let greatestLength = 100_000_000
  /// The most axes that a tensor may have; no library has tensors of so many.
  static let greatestRank = 1024
  /// The bytes before the header, which hold its length.
  static let prefixLength = 8

  /// The strings of `__metadata__`.
  var metadata: [String: String] = [:]
  /// The tensors in the order of their data.
  var entries: [Entry] = []
  /// Where the data section begins in the file.
  var dataStart: Int

  /// Reads and checks a header.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - path: The file's path, for messages.
  /// - Throws: `malformedFile` if anything is not as the format demands.
  /// - Complexity: O(header), and O(t log t) for t tensors.
  init(_ bytes: UnsafeRawBufferPointer, path: String) throws(RecurrentError) {
    do throws(HeaderFault) {
      let text = try SafetensorsHeader.text(bytes)
      dataStart = SafetensorsHeader.prefixLength + text.count
      let reader = try SafetensorsHeaderReader(text)
      for (name, value) in reader.metadata {
        guard metadata.updateValue(value, forKey: name) == nil else {
          throw HeaderFault(
            expected: "names in __metadata__ that are different strings",
            actual: "\"\(name)\" and a canonically equivalent one")
        }
      }
      for tensor in reader.tensors { entries.append(try SafetensorsHeader.entry(tensor)) }
      try order(dataLength: bytes.count - dataStart)
    } catch {
      if let kind = FileKind(of: bytes), kind != .safetensors {
        throw .malformedFile(
          path: path, expected: "a safetensors file", actual: kind.explanation(path: path))
      }
      throw .malformedFile(path: path, expected: error.expected, actual: error.actual)
    }
  }

  /// Cuts the header's text out of a file.
  private static func text(_ bytes: UnsafeRawBufferPointer) throws(HeaderFault) -> [UInt8] {
    guard bytes.count >= prefixLength else {
      throw HeaderFault(
        expected: "\(prefixLength) bytes with the header's length", actual: "\(bytes.count) bytes")
    }
    let stated = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard stated <= greatestLength, Int(stated) <= bytes.count - prefixLength else {
      throw HeaderFault(
        expected: "a header of at most \(min(greatestLength, bytes.count - prefixLength)) bytes",
        actual: "a header of \(stated) bytes in a file of \(bytes.count) bytes")
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[prefixLength..<(prefixLength + Int(stated))])
    do {
      _ = try UTF8Span(validating: text.bindMemory(to: UInt8.self).span)
    } catch {
      throw HeaderFault(
        expected: "a header in UTF-8", actual: "\(error.kind) at byte \(error.byteOffsets.lowerBound)")
    }
    return Array(text)
  }

  private static func entry(_ tensor: SafetensorsHeaderReader.StatedTensor) throws(HeaderFault) -> Entry {
    let (name, shape, offsets) = (tensor.name, tensor.shape, tensor.offsets)
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw HeaderFault(
        expected: "a beginning and an end as data_offsets of tensor \"\(name)\"", actual: "\(offsets)")
    }
    guard Shape.elementCount(of: shape) != nil else {
      throw HeaderFault(
        expected: "a shape of tensor \"\(name)\" whose elements can be counted", actual: "\(shape)")
    }
    let type = ElementType(rawValue: tensor.type)
    if let type {
      guard let byteCount = type.byteCount(of: shape) else {
        throw HeaderFault(
          expected:
            "a shape of tensor \"\(name)\" of \(type.rawValue) that takes whole bytes which can be counted",
          actual: "\(shape)")
      }
      guard offsets[1] - offsets[0] == byteCount else {
        throw HeaderFault(
          expected: "\(byteCount) bytes for tensor \"\(name)\" of \(type.rawValue) \(shape)",
          actual: "\(offsets[1] - offsets[0]) from data_offsets \(offsets)")
      }
    }
    return Entry(
      name: ExactName(name), type: type, typeName: tensor.type, shape: Shape(shape),
      range: offsets[0]..<offsets[1])
  }

  /// Brings the tensors into the order of their data, which must follow one another without gaps.
  private mutating func order(dataLength: Int) throws(HeaderFault) {
    // Tensors without data keep the header's order.
    entries = entries.enumerated().sorted { a, b in
      (a.element.range.lowerBound, a.element.range.upperBound, a.offset)
        < (b.element.range.lowerBound, b.element.range.upperBound, b.offset)
    }.map(\.element)
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        throw HeaderFault(
          expected: "the data of tensor \"\(entry.name.text)\" to begin at \(end)",
          actual: "data_offsets [\(entry.range.lowerBound), \(entry.range.upperBound)]")
      }
      end = entry.range.upperBound
    }
    guard end == dataLength else {
      throw HeaderFault(
        expected: "\(end) bytes of data, as the header says", actual: "\(dataLength) bytes")
    }
  }
}
