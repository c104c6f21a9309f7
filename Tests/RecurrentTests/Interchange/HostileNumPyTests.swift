import Testing

@testable import Recurrent

@Suite struct HostileNumPyTests {
  private static func header(
    descr: String = "'<f4'", order: String = "False", shape: String = "(2,)"
  ) -> String {
    "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }\n"
  }

  private func read(_ path: String) throws(RecurrentError) {
    _ = try NumPyFile(path: path).tensor(as: Double.self)
  }

  private func refusal(_ file: [UInt8]) throws -> String? {
    let folder = try TemporaryFolder()
    let path = try folder.write(file)
    return malformation { () throws(RecurrentError) in try read(path) }
  }

  @Test(arguments: [
    header(), "{'descr':'<f4','fortran_order':False,'shape':(2,)}",
    " { \"shape\" : ( 2 , 1 ) , \"descr\" : \"<f4\" , \"fortran_order\" : True }  ", header(shape: "(1, 2,)"),
  ])
  func otherSpellingsOfPythonAreRead(header: String) throws {
    for version in 1...3 {
      #expect(try refusal(numpy(header, data: 8, major: UInt8(version))) == nil)
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    try NumPyFile.write(Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [2, 3]), toPath: path)
    for whole in [try bytes(at: path), numpy(Self.header(), data: 8, major: 2)] {
      for count in whole.indices {
        #expect(try refusal(Array(whole[..<count])) != nil, "\(count) bytes")
      }
      #expect(try refusal(whole) == nil)
      #expect(try refusal(whole + [0]) != nil)
    }
  }

  @Test(arguments: [
    "", "{", "}", "{}", "[]", "()", "{'descr': '<f4'}", "{'descr': '<f4', 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False}", "{'shape': (2,), 'fortran_order': False}",
    "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
    "{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4',, 'fortran_order': False, 'shape': (2,)}",
    "{, 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    header(order: "false"), header(order: "0"), header(order: "'False'"), header(order: ""),
    header(shape: "(2)"), header(shape: "2"), header(shape: "[2]"), header(shape: "(,)"),
    header(shape: "(2,,)"), header(shape: "(2, 1"), header(shape: "(-2,)"), header(shape: "(2.0,)"),
    header(shape: "(02,)"), header(shape: "(2L,)"), header(shape: "('2',)"), header(shape: "(1 2)"),
    header(shape: "(9223372036854775808,)"), header(shape: "(4611686018427387904, 8)"),
    header(shape: "(4611686018427387904, 8, 0)"), header(shape: "(0, 4611686018427387904, 8)"),
    header(shape: "(1\(String(repeating: "0", count: 5000)),)"), header(shape: "(3,)"), header(shape: "()"),
    header(descr: "'<f8'"), header(descr: "f4"), header(descr: "'<f4"), header(descr: "None"),
    header(descr: "'\\x3cf4'"), header(descr: "[('x', '<f4')]"), header(descr: "('<f4', (2,))"),
    header() + "x", header() + "\u{0}", "x" + header(), String(repeating: "{", count: 60_000),
    String(repeating: "(", count: 60_000), "{'descr': " + String(repeating: "[", count: 60_000),
  ])
  func brokenHeaderIsRefused(header: String) throws {
    #expect(try refusal(numpy(header, data: 8)) != nil)
  }

  @Test(arguments: [
    "'<f16'", "'<i3'", "'<b2'", "'<c8'", "'|O'", "'|S4'", "'<U1'", "'<M8[ns]'", "'|V2'", "''", "'<'",
    "'<F4'", "'<f4 '", "'<<f4'",
  ])
  func otherNumberTypeIsRefusedByName(descr: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(numpy(Self.header(descr: descr), data: 8))
    #expect {
      try NumPyFile(path: path)
    } throws: {
      guard case .scalarTypeMismatch(path, _, _, let actual) = $0 as? RecurrentError else { return false }
      return actual.hasPrefix(descr)
    }
  }

  @Test(arguments: ["f4", "=f4", "<f4", "|f4"]) func everySpellingOfATypeIsRead(descr: String) throws {
    let folder = try TemporaryFolder()
    let bits = withUnsafeBytes(of: Float(1.5).bitPattern.littleEndian) { Array($0) }
    let path = try folder.write(numpy(Self.header(descr: "'\(descr)'", shape: "(1,)")) + bits)
    #expect(try NumPyFile(path: path).tensor(as: Float.self).scalars == [1.5])
  }

  @Test func theFirstNumberThatWouldBeRoundedIsNamed() throws {
    let folder = try TemporaryFolder()
    func read<Scalar: TensorScalar>(
      _ numbers: [Int64], order: String = "False", as _: Scalar.Type
    ) throws -> RecurrentError? {
      let header = Self.header(descr: "'<i8'", order: order, shape: "(2, \(numbers.count / 2))")
      let data = numbers.flatMap { littleEndian(UInt64(bitPattern: $0)) }
      let file = try NumPyFile(path: try folder.write(numpy(header) + data))
      do {
        let tensor: Tensor<Scalar> = try file.tensor()
        #expect(order == "True" || tensor.scalars.map { Int64($0) } == numbers)
        return nil
      } catch {
        return error
      }
    }
    func rounding(_ type: String, _ actual: String) -> RecurrentError {
      .scalarTypeMismatch(
        path: folder.path("file"), tensor: "the array", expected: "\(type) without rounding", actual: actual)
    }
    // 24 and 53 digits in base 2 are exact, wherever they stand; one more is not.
    #expect(try read([1 << 24, -(1 << 24), (1 << 24) - 1, 3 << 60, .min, 0], as: Float.self) == nil)
    #expect(try read([1 << 53, -(1 << 53), (1 << 53) - 1, .min, 0, 1], as: Double.self) == nil)
    #expect(
      try read([0, 1, 1 << 25, 5, (1 << 25) + 1, (1 << 24) + 1], as: Float.self)
        == rounding("Float", "33554433 of <i8 at [1, 1]"))
    #expect(
      try read([0, 1, 2, -(1 << 53) - 1], as: Double.self)
        == rounding("Double", "-9007199254740993 of <i8 at [1, 1]"))
    // In Fortran order, the fourth number stands in the second row and the second column.
    #expect(
      try read([0, 1, 2, .max, 4, .max], order: "True", as: Double.self)
        == rounding("Double", "9223372036854775807 of <i8 at [1, 1]"))
  }

  @Test func otherVersionsAndLengthsAreRefused() throws {
    for (major, minor) in [(0, 0), (1, 1), (4, 0), (255, 255)] as [(UInt8, UInt8)] {
      #expect(try refusal(numpy(Self.header(), data: 8, major: major, minor: minor)) != nil)
    }
    for length in [0, 1, 2_000, 1_000_001, UInt64(UInt32.max)] {
      var file = numpy(Self.header(), data: 8, major: 2)
      file.replaceSubrange(8..<12, with: littleEndian(length).prefix(4))
      #expect(try refusal(file) != nil)
    }
    #expect(try refusal(Array("not a file of NumPy".utf8)) != nil)
  }

  @Test(.timeLimit(.minutes(1))) func manyAxesOfSizeOneDoNotSlowReadingDown() throws {
    let ones = String(repeating: "1,", count: 20_000)
    let header = Self.header(order: "True", shape: "(20000,\(ones)2)")
    #expect(try refusal(numpy(header, data: 160_000, major: 2)) == nil)
  }

  @Test func mutationsAreReadOrRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x")
    try NumPyFile.write(Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [2, 3]), toPath: path)
    let whole = try bytes(at: path)
    var generator = SeededGenerator(seed: 2)
    var refused = 0
    for _ in 0..<20_000 {
      var mutated = whole
      mutated[Int.random(in: whole.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      try mutated.withUnsafeBytes { try overwrite(path, with: $0) }
      do {
        try read(path)
      } catch .malformedFile {
        refused += 1
      } catch .scalarTypeMismatch {
        refused += 1
      }
    }
    #expect(refused > 5_000)
  }
}
