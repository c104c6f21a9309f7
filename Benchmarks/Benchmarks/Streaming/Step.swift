import BenchmarkSupport
import Recurrent

/// One step of something, again and again.
protocol Step: ~Copyable {
  mutating func perform() throws
}

/// No step at all.
struct NoStep: Step {
  func perform() {}
}

/// A step of a stream on spans.
struct StreamStep: Step, ~Copyable {
  private var stream: RNNStream<Float>
  private let frame: [Float]
  private var output: [Float]

  /// Makes a stream of one layer, and checks it.
  init(_ size: Int, _ contender: Contender) throws {
    let (rnn, x) = try example(size, contender)
    var checked = try rnn.stream()
    var outputs: [Tensor<Float>] = []
    for frame in x { outputs.append(try checked.step(frame)) }
    try check(.stack(outputs), of: rnn, x)
    stream = try rnn.stream()
    frame = x[0].scalars
    output = [Float](repeating: 0, count: size)
  }

  mutating func perform() throws {
    try Self.perform(&stream, frame, &output)
  }

  private static func perform(
    _ stream: inout RNNStream<Float>, _ frame: [Float], _ output: inout [Float]
  ) throws {
    var target = output.mutableSpan
    try stream.step(frame.span, into: &target)
  }
}

/// A call of a cell from the state that the call before has returned.
struct CellStep: Step {
  private let cell: RNNCell<Float>
  private let frame: Tensor<Float>
  private var state: Tensor<Float>

  /// Makes a cell, and checks it.
  init(_ size: Int, _ contender: Contender) throws {
    let (rnn, x) = try example(size, contender)
    var cell = RNNCell<Float>(inputSize: size, hiddenSize: size)
    cell.parameters = rnn.parameters[0]
    cell.threadCount = 1
    cell.backend = rnn.backend
    var outputs: [Tensor<Float>] = []
    for frame in x { outputs.append(try cell(frame, outputs.last)) }
    try check(.stack(outputs), of: rnn, x)
    self.cell = cell
    frame = x[0]
    state = outputs[0]
  }

  mutating func perform() throws {
    state = try cell(frame, state)
  }
}

/// A layer, and an input of one row a step.
private func example(_ size: Int, _ contender: Contender) throws -> (rnn: RNN<Float>, x: Tensor<Float>) {
  var generator = SeededGenerator(seed: 20)
  var rnn = RNN<Float>(inputSize: size, hiddenSize: size, using: &generator)
  rnn.backend = contender.backend
  try contender.use(threads: 1)
  return (rnn, .normal([50, 1, size], using: &generator))
}
