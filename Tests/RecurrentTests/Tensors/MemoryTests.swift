import Foundation
import Testing

@testable import Recurrent

@Suite("Results that no memory can be had for") struct MemoryTests {
  /// Lets a process have so many bytes more than it has; for a process of its own.
  private static func limit(to bytes: rlim_t) {
    // AddressSanitizer has reserved terabytes already.
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.prefix { $0 != " " }
    let most = pages.flatMap { rlim_t($0) }.map { $0 * rlim_t(getpagesize()) + bytes } ?? bytes
    var limit = rlimit(rlim_cur: most, rlim_max: most)
    #if canImport(Darwin)
      setrlimit(RLIMIT_AS, &limit)
    #else
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    #endif
  }

  /// Writes a file of a header and so many bytes that take no room on the disk.
  private static func writeSparse(_ header: [UInt8], data: Int, to path: String) throws {
    try Data(header).write(to: URL(filePath: path))
    try #require(truncate(path, off_t(header.count + data)) == 0)
  }

  @Test(arguments: [false, true]) func aFileThatIsTooLargeIsAnError(isFortranOrder: Bool) async throws {
    let folder = try TemporaryFolder()
    let count = 1_500_000_000
    let order = isFortranOrder ? "True" : "False"
    try Self.writeSparse(
      numpy("{'descr': '<f4', 'fortran_order': \(order), 'shape': (3, \(count / 3)), }"), data: 4 * count,
      to: folder.path("x.npy"))
    try Self.writeSparse(
      safetensors(#"{"w":{"dtype":"F32","shape":[\#(count)],"data_offsets":[0,\#(4 * count)]}}"#),
      data: 4 * count,
      to: folder.path("x.safetensors"))
    await #expect(processExitsWith: .success) {
      [
        array = folder.path("x.npy") as String, weights = folder.path("x.safetensors") as String
      ] in
      Self.limit(to: 8_000_000 << 10)
      let unavailable: (() throws -> Void) -> Void = { read in
        #expect {
          try read()
        } throws: {
          guard case .memoryUnavailable(_, let byteCount) = $0 as? RecurrentError else { return false }
          return byteCount >= 6_000_000_000 && "\($0)".contains("memory")
        }
      }
      unavailable { _ = try NumPyFile(path: array).tensor(as: Float.self) }
      unavailable { _ = try NumPyFile(path: array).tensor(as: Double.self) }
      unavailable { _ = try SafetensorsFile(path: weights).tensor("w", as: Float.self) }
      unavailable { _ = try SafetensorsFile(path: weights).stateDictionary(as: Double.self) }
    }
  }

  @Test func layersThatAreTooLargeAreAnErrorOfTheirCalls() async {
    await #expect(processExitsWith: .success) {
      Self.limit(to: 8_000_000 << 10)
      let x = Tensor<Float>.zeros([1, 1])
      let calls: [() throws -> Void] = [
        { _ = try GRUCell<Float>(inputSize: 1, hiddenSize: 50_000)(x) },
        { _ = try RNN<Double>(inputSize: 1, hiddenSize: 50_000)(Tensor<Double>.zeros([1, 1, 1])) },
        { _ = try RNN<Float>(inputSize: 1, hiddenSize: 1, layerCount: 1_000_000_000)(x) },
        { _ = try LSTM<Float>(inputSize: 1 << 29, hiddenSize: 4).stream() },
      ]
      for call in calls {
        #expect {
          try call()
        } throws: {
          guard case .memoryUnavailable("parameters", _) = $0 as? RecurrentError else { return false }
          return true
        }
      }
      #expect(throws: RecurrentError.self) {
        try Linear<Float>(inputSize: 1_000_000_000, outputSize: 4)(.zeros([1, 1]))
      }
    }
  }

  @Test func sessionsThatThereIsNoMemoryForAreAnErrorOfThePool() async {
    await #expect(processExitsWith: .success) {
      Self.limit(to: 8_000_000 << 10)
      // 16 KiB of states for each session.
      let pool = try LSTM<Float>(inputSize: 1, hiddenSize: 4096, projectionSize: 1).streamPool()
      let session = try pool.join()
      let x = Tensor<Float>.zeros([1, 1])
      let y = try pool.step([session], x)
      #expect {
        try pool.reserveCapacity(1_000_000)
      } throws: {
        guard case .memoryUnavailable("sessions", let byteCount) = $0 as? RecurrentError else { return false }
        return byteCount >= 16_000_000_000
      }
      #expect(pool.count == 1)
      try pool.reset(session)
      #expect(try pool.step([session, pool.join()], .zeros([2, 1]))[0] == y[0])
    }
  }

  @Test func whatIsTooLargeForAnyMachineIsAnError() throws {
    var generator = SeededGenerator(seed: 1)
    let calls: [(String, () throws -> Void)] = [
      ("batches", { _ = try MiniBatches(count: .max, size: 3) }),
      ("MiniBatches shuffled", { _ = try MiniBatches(count: 1 << 50, size: 3, using: &generator) }),
      (
        "windows",
        { _ = try SeriesWindows(Tensor<Float>.zeros([.max, 0]), inputLength: 1, horizon: 1).batches(of: 2) }
      ),
      ("reservoir", { _ = try EchoStateNetwork<Float>(hiddenSize: 1_000_000_000, using: &generator) }),
      (
        "sparse reservoir",
        { _ = try EchoStateNetwork<Double>(hiddenSize: 1 << 30, connectivity: 1e-9, using: &generator) }
      ),
      (
        "padded",
        { _ = try PackedSequence([Tensor<Float>([1], shape: [1, 1])]).padded(totalLength: 1 << 50) }
      ),
      ("packed", { _ = try PackedSequence([Tensor<Float>.zeros([1 << 50, 0])]) }),
      (
        "packed twice",
        { _ = try PackedSequence([Tensor<Float>.zeros([1 << 62, 0]), .zeros([1 << 62, 0])]) }
      ),
      (
        "packed batch",
        { _ = try PackedSequence(padded: Tensor<Float>.zeros([1 << 50, 1, 0]), lengths: [1 << 50]) }
      ),
      ("stack", { _ = try Tensor<Float>.stack(Array(repeating: .zeros([0, 1 << 62]), count: 3)) }),
      ("selecting", { _ = try Tensor<Float>.zeros([1, 0, 1 << 62]).selecting([0, 0, 0]) }),
    ]
    for (name, call) in calls {
      do throws(any Error) {
        try call()
        Issue.record("\(name) was made")
      } catch {
        guard case .memoryUnavailable = error as? RecurrentError else {
          Issue.record("\(name): \(error)")
          continue
        }
      }
    }
    for initializer in [
      Initializer.zero, .uniform(bound: 1), .normal(standardDeviation: 1), .identity(), .orthogonal(),
    ] {
      #expect(throws: RecurrentError.self, "\(initializer)") {
        let _: Tensor<Float> = try initializer.tensor([1 << 40, 1 << 10], using: &generator)
      }
    }
  }
}
