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
struct StreamStep<State: RecurrentState<Float>>: Step, ~Copyable {
  private var stream: RecurrentStream<State>
  private let frame: [Float]
  private var output: [Float]

  /// Takes a stream, and what its steps get: the first time step of an input.
  init(_ stream: consuming RecurrentStream<State>, _ x: Tensor<Float>) {
    output = [Float](repeating: 0, count: stream.batchSize * stream.outputSize)
    frame = x[0].scalars
    self.stream = stream
  }

  mutating func perform() throws {
    try Self.perform(&stream, frame, &output)
  }

  private static func perform(
    _ stream: inout RecurrentStream<State>, _ frame: [Float], _ output: inout [Float]
  ) throws {
    var target = output.mutableSpan
    try stream.step(frame.span, into: &target)
  }
}

/// A stream of an RNN, checked.
func rnnStep(_ size: Int, _ contender: Contender) throws -> StreamStep<Tensor<Float>> {
  let (rnn, x) = try example(size, contender)
  try check(outputs(of: rnn.stream(), x), of: rnn, x)
  return StreamStep(try rnn.stream(), x)
}

/// A stream of an LSTM, checked.
func lstmStep(_ size: Int, _ contender: Contender) throws -> StreamStep<LSTMState<Float>> {
  let x = try example(size, contender).x
  var generator = SeededGenerator(seed: 21)
  var lstm = LSTM<Float>(inputSize: size, hiddenSize: size, using: &generator)
  lstm.backend = contender.backend
  try check(outputs(of: lstm.stream(), x), lstm(x).output, terms: 2 * size)
  return StreamStep(try lstm.stream(), x)
}

/// A stream of a GRU, checked.
func gruStep(_ size: Int, _ contender: Contender) throws -> StreamStep<Tensor<Float>> {
  let x = try example(size, contender).x
  var generator = SeededGenerator(seed: 21)
  var gru = GRU<Float>(inputSize: size, hiddenSize: size, using: &generator)
  gru.backend = contender.backend
  try check(outputs(of: gru.stream(), x), gru(x).output, terms: 2 * size)
  return StreamStep(try gru.stream(), x)
}

/// What a stream gives, step by step.
private func outputs<State: RecurrentState<Float>>(
  of stream: consuming RecurrentStream<State>, _ x: Tensor<Float>
) throws -> Tensor<Float> {
  var outputs: [Tensor<Float>] = []
  for frame in x { outputs.append(try stream.step(frame)) }
  return try .stack(outputs)
}

/// A cell with a frame and a state, after its steps over an example were checked.
private func checkedCell(
  _ size: Int, _ contender: Contender,
  step: (RNNCell<Float>, Tensor<Float>, inout Tensor<Float>) throws -> Void
) throws -> (cell: RNNCell<Float>, frame: Tensor<Float>, state: Tensor<Float>) {
  let (rnn, x) = try example(size, contender)
  let cell = rnnCell(rnn)
  var state = Tensor<Float>.zeros([1, size])
  var outputs: [Tensor<Float>] = []
  for frame in x {
    try step(cell, frame, &state)
    outputs.append(state)
  }
  try check(.stack(outputs), of: rnn, x)
  return (cell, x[0], state)
}

/// A call of a cell from the state that the call before has returned.
struct CellCall: Step {
  private let cell: RNNCell<Float>
  private let frame: Tensor<Float>
  private var state: Tensor<Float>

  init(_ size: Int, _ contender: Contender) throws {
    (cell, frame, state) = try checkedCell(size, contender) { $2 = try $0($1, $2) }
  }

  mutating func perform() throws {
    state = try cell(frame, state)
  }
}

/// A step of a cell in the memory of its state.
struct CellStep: Step {
  private let cell: RNNCell<Float>
  private let frame: Tensor<Float>
  private var state: Tensor<Float>

  init(_ size: Int, _ contender: Contender) throws {
    (cell, frame, state) = try checkedCell(size, contender) { try $0.step($1, updating: &$2) }
  }

  mutating func perform() throws {
    try cell.step(frame, updating: &state)
  }
}

/// A layer's first cell, on one thread.
private func rnnCell(_ rnn: RNN<Float>) -> RNNCell<Float> {
  var cell = RNNCell<Float>(inputSize: rnn.inputSize, hiddenSize: rnn.hiddenSize)
  cell.parameters = rnn.parameters[0]
  cell.threadCount = 1
  cell.backend = rnn.backend
  return cell
}

/// A layer, and an input of one row a step.
private func example(_ size: Int, _ contender: Contender) throws -> (rnn: RNN<Float>, x: Tensor<Float>) {
  var generator = SeededGenerator(seed: 20)
  var rnn = RNN<Float>(inputSize: size, hiddenSize: size, using: &generator)
  rnn.backend = contender.backend
  try contender.use(threads: 1)
  return (rnn, .normal([50, 1, size], using: &generator))
}
