import Recurrent

/// A stream that is fed the samples of a sequence, one by one.
private final class StreamRun<State: RecurrentState> where State.Scalar == Float {
  private var stream: RecurrentStream<State>
  private let samples: [Float]
  private let steps: Int
  private var output: [Float]

  /// - Parameters:
  ///   - stream: A stream of one row.
  ///   - x: `[T, 1, I]`.
  init(_ stream: consuming RecurrentStream<State>, _ x: Tensor<Float>) {
    samples = x.scalars
    steps = x.shape[0]
    output = [Float](repeating: 0, count: stream.outputSize)
    self.stream = stream
  }

  /// All T steps; the first goes on from the state that the last call has left.
  func run() throws {
    try Self.run(&stream, samples, steps: steps, into: &output) { _ in }
  }

  /// All T steps, and their outputs, `[T, 1, P]`.
  func outputs() throws -> Tensor<Float> {
    var outputs: [Float] = []
    try Self.run(&stream, samples, steps: steps, into: &output) { outputs += $0 }
    return try Tensor(outputs, shape: [steps, 1, output.count])
  }

  /// As a function of values, so that no step checks who else holds the stream.
  private static func run(
    _ stream: inout RecurrentStream<State>, _ x: [Float], steps: Int, into output: inout [Float],
    afterStep: ([Float]) -> Void
  ) throws {
    let samples = x.span
    let inputSize = stream.inputSize
    for t in 0..<steps {
      var target = output.mutableSpan
      try stream.step(samples.extracting(t * inputSize..<(t + 1) * inputSize), into: &target)
      afterStep(output)
    }
  }
}

extension Subject {
  /// A stream's steps on `x`, `[T, 1, I]`, with the outputs `[T, 1, P]`.
  static func stream<State: RecurrentState>(
    _ stream: consuming RecurrentStream<State>, _ x: Tensor<Float>
  ) throws -> Subject where State.Scalar == Float {
    let run = StreamRun(stream, x)
    return Subject(setting: "RecurrentStream", call: run.run, results: { ["y": try run.outputs()] })
  }
}
