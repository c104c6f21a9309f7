import Foundation
import Recurrent
import RecurrentTestSupport
import Testing

/// A layer or cell with all that goes into a call of it and comes out, as the library has it.
private struct Call<Scalar: TensorScalar> {
  var parameters: StateDictionary<Scalar>
  var input: Tensor<Scalar>
  var hidden: Tensor<Scalar>
  var cell: Tensor<Scalar>?
  var output: Tensor<Scalar>
  var finalHidden: Tensor<Scalar>
  var finalCell: Tensor<Scalar>?
  var options: [String] = []
}

/// What a file can hold.
private enum Kind: String, CaseIterable, Sendable {
  case rnn, lstm, gru
  case bidirectionalRNN, bidirectionalLSTM, bidirectionalGRU
  case projectedLSTM, projectedBidirectionalLSTM
  case rnnCell, lstmCell, gruCell

  /// The files of this kind's state beside h.
  var hasCellState: Bool { rawValue.lowercased().contains("lstm") }

  /// The word that `--cell` takes.
  var cell: String { ["lstm", "gru"].first { rawValue.lowercased().contains($0) } ?? "rnn" }

  func call<Scalar: TensorScalar>(as _: Scalar.Type, backend: Backend) throws -> Call<Scalar> {
    switch self {
    case .rnn: try Self.rnn(.forward, backend)
    case .bidirectionalRNN: try Self.rnn(.bidirectional, backend)
    case .lstm: try Self.lstm(.forward, nil, backend)
    case .bidirectionalLSTM: try Self.lstm(.bidirectional, nil, backend)
    case .projectedLSTM: try Self.lstm(.forward, 3, backend)
    case .projectedBidirectionalLSTM: try Self.lstm(.bidirectional, 3, backend)
    case .gru: try Self.gru(.forward, backend)
    case .bidirectionalGRU: try Self.gru(.bidirectional, backend)
    case .rnnCell, .lstmCell, .gruCell: try cellCall(backend)
    }
  }

  private static func rnn<Scalar: TensorScalar>(_ directions: Directions, _ backend: Backend) throws -> Call<
    Scalar
  > {
    var generator = SeededGenerator(seed: 31)
    var layer = RNN<Scalar>(
      inputSize: 5, hiddenSize: 7, layerCount: 2, batchFirst: true, directions: directions, using: &generator)
    layer.backend = backend
    let input = Tensor<Scalar>.normal([3, 4, 5], using: &generator)
    let hidden = Tensor<Scalar>.normal([2 * directions.count, 3, 7], using: &generator)
    let (output, state) = try layer(input, hidden)
    return Call(
      parameters: layer.stateDictionary, input: input, hidden: hidden, output: output, finalHidden: state,
      options: ["--batch-first"])
  }

  private static func lstm<Scalar: TensorScalar>(
    _ directions: Directions, _ projection: Int?, _ backend: Backend
  ) throws -> Call<Scalar> {
    var generator = SeededGenerator(seed: 32)
    var layer = LSTM<Scalar>(
      inputSize: 5, hiddenSize: 7, layerCount: 2, directions: directions, projectionSize: projection,
      using: &generator)
    layer.backend = backend
    let input = Tensor<Scalar>.normal([4, 3, 5], using: &generator)
    let hidden = Tensor<Scalar>.normal([2 * directions.count, 3, projection ?? 7], using: &generator)
    let cell = Tensor<Scalar>.normal([2 * directions.count, 3, 7], using: &generator)
    let (output, state) = try layer(input, LSTMState(hidden: hidden, cell: cell))
    return Call(
      parameters: layer.stateDictionary, input: input, hidden: hidden, cell: cell, output: output,
      finalHidden: state.hidden, finalCell: state.cell)
  }

  private static func gru<Scalar: TensorScalar>(_ directions: Directions, _ backend: Backend) throws -> Call<
    Scalar
  > {
    var generator = SeededGenerator(seed: 33)
    var layer = GRU<Scalar>(
      inputSize: 5, hiddenSize: 7, layerCount: 2, bias: false, directions: directions, using: &generator)
    layer.backend = backend
    let input = Tensor<Scalar>.normal([4, 3, 5], using: &generator)
    let hidden = Tensor<Scalar>.normal([2 * directions.count, 3, 7], using: &generator)
    let (output, state) = try layer(input, hidden)
    return Call(
      parameters: layer.stateDictionary, input: input, hidden: hidden, output: output, finalHidden: state)
  }

  private func cellCall<Scalar: TensorScalar>(_ backend: Backend) throws -> Call<Scalar> {
    var generator = SeededGenerator(seed: 34)
    let input = Tensor<Scalar>.normal([3, 5], using: &generator)
    let (h, c) = (
      Tensor<Scalar>.normal([3, 7], using: &generator), Tensor<Scalar>.normal([3, 7], using: &generator)
    )
    switch self {
    case .lstmCell:
      var cell = LSTMCell<Scalar>(inputSize: 5, hiddenSize: 7, using: &generator)
      cell.backend = backend
      let state = try cell(input, LSTMState(hidden: h, cell: c))
      return Call(
        parameters: cell.stateDictionary, input: input, hidden: h, cell: c, output: state.hidden,
        finalHidden: state.hidden, finalCell: state.cell)
    case .gruCell:
      var cell = GRUCell<Scalar>(inputSize: 5, hiddenSize: 7, using: &generator)
      cell.backend = backend
      let state = try cell(input, h)
      return Call(
        parameters: cell.stateDictionary, input: input, hidden: h, output: state, finalHidden: state)
    default:
      var cell = RNNCell<Scalar>(inputSize: 5, hiddenSize: 7, nonlinearity: .relu, using: &generator)
      cell.backend = backend
      let state = try cell(input, h)
      return Call(
        parameters: cell.stateDictionary, input: input, hidden: h, output: state, finalHidden: state,
        options: ["--nonlinearity", "relu"])
    }
  }
}

@Suite("recurrent run, every kind of layer and cell")
struct RunEveryKindTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write<Scalar: TensorScalar>(_ call: Call<Scalar>) throws {
    try SafetensorsFile.write(call.parameters, toPath: folder.path("m.safetensors"))
    try NumPyFile.write(call.input, toPath: folder.path("x.npy"))
    try NumPyFile.write(call.hidden, toPath: folder.path("h0.npy"))
    if let cell = call.cell { try NumPyFile.write(cell, toPath: folder.path("c0.npy")) }
  }

  /// The options that name all states that the call has.
  private func states<Scalar>(_ call: Call<Scalar>) -> [String] {
    let hidden = ["--initial-state", folder.path("h0.npy"), "--final-state", folder.path("hn.npy")]
    let cell = ["--initial-cell", folder.path("c0.npy"), "--final-cell", folder.path("cn.npy")]
    return hidden + (call.cell == nil ? [] : cell)
  }

  private func run(_ more: [String]) throws -> ToolProcess {
    try ToolProcess(
      [
        "run", folder.path("m.safetensors"), "--input", folder.path("x.npy"), "--output",
        folder.path("y.npy"),
      ] + more)
  }

  private func result<Scalar: TensorScalar>(_ name: String) throws -> Tensor<Scalar> {
    try NumPyFile(path: folder.path(name)).tensor()
  }

  private func check<Scalar: TensorScalar>(_ kind: Kind, _ backend: Backend, as _: Scalar.Type) throws {
    let call = try kind.call(as: Scalar.self, backend: backend)
    try write(call)
    let process = try run(
      states(call) + call.options + ["--backend", backend.rawValue, "--threads", "1", "--cell", kind.cell])
    #expect(process.status == 0, "\(process.errors)")
    expectBitwiseEqual(try result("y.npy"), call.output, "output of \(kind)")
    expectBitwiseEqual(try result("hn.npy"), call.finalHidden, "h of \(kind)")
    #expect(kind.hasCellState == (call.finalCell != nil))
    if let cell = call.finalCell { expectBitwiseEqual(try result("cn.npy"), cell, "c of \(kind)") }
  }

  @Test("is the library's call, bit for bit, from every state to every state", arguments: Kind.allCases)
  private func equalsLibrary(kind: Kind) throws {
    for backend in Backend.available { try check(kind, backend, as: Float.self) }
    try check(kind, .swift, as: Double.self)
  }

  @Test("tells the kind without --cell, and refuses another one", arguments: Kind.allCases)
  private func tellsKind(kind: Kind) throws {
    let call = try kind.call(as: Float.self, backend: .automatic)
    try write(call)
    let process = try run(states(call) + call.options)
    #expect(process.status == 0, "\(process.errors)")
    expectBitwiseEqual(try result("y.npy"), call.output, "output of \(kind)")
    for other in ["rnn", "lstm", "gru"] where other != kind.cell {
      let refused = try run(["--cell", other])
      let names = ["rnn": "a plain recurrent layer", "lstm": "an LSTM", "gru": "a GRU"]
      #expect(refused.status == 1)
      for name in [other, kind.cell] {
        #expect(refused.errors.contains(names[name] ?? ""), "\(refused.errors)")
      }
    }
  }

  @Test("a state of zeros is what comes without one")
  func zeroState() throws {
    let call = try Kind.projectedLSTM.call(as: Float.self, backend: .automatic)
    try write(call)
    #expect(try run(["--final-cell", folder.path("a.npy")]).status == 0)
    let without: Tensor<Float> = try result("y.npy")
    try NumPyFile.write(Tensor<Float>.zeros(call.hidden.shape), toPath: folder.path("h0.npy"))
    try NumPyFile.write(Tensor<Float>.zeros([2, 3, 7]), toPath: folder.path("c0.npy"))
    #expect(try run(states(call)).status == 0)
    expectBitwiseEqual(try result("y.npy"), without, "output")
    expectBitwiseEqual(try result("cn.npy"), try result("a.npy") as Tensor<Float>, "c")
  }

  @Test("an option that the kind has no use for is named with what came, and nothing is written")
  func refusesOptions() throws {
    let cases: [(Kind, [String], [String])] = [
      (
        .gru, ["--initial-state", "h0.npy", "--initial-cell", "h0.npy"],
        ["--initial-cell: expected an LSTM or LSTMCell", "got the GRU in"]
      ),
      (.rnn, ["--final-cell", "cn.npy"], ["--final-cell: expected an LSTM or LSTMCell", "got the RNN in"]),
      (.gruCell, ["--final-cell", "cn.npy"], ["--final-cell", "got the GRUCell in"]),
      (
        .lstm, ["--initial-state", "h0.npy"],
        ["--initial-state: expected --initial-cell beside it for the LSTM in", "got none"]
      ),
      (
        .lstm, ["--nonlinearity", "relu"], ["--nonlinearity: expected an RNN or RNNCell", "got the LSTM in"]
      ),
      (.lstmCell, ["--batch-first"], ["--batch-first: expected a layer", "got the LSTMCell in"]),
      (
        .lstm, ["--initial-state", "h0.npy", "--initial-cell", "x.npy"],
        ["initialState.cell: expected [2, 3, 7]", "[4, 3, 5]"]
      ),
    ]
    for (kind, options, words) in cases {
      try write(try kind.call(as: Float.self, backend: .automatic))
      let before = try folder.names()
      let process = try run(options.map { $0.hasSuffix(".npy") ? folder.path($0) : $0 })
      #expect(process.status == 1)
      for word in words { #expect(process.errors.contains(word), "\(process.errors)") }
      #expect(try folder.names() == before)
    }
  }

  @Test(
    "ends with 64 where usage alone is wrong",
    arguments: [
      (["--cell", "mlp"], "--cell"), (["--initial-cell", "c0.npy"], "--initial-state"),
      (["--final-state", "a.npy", "--final-cell", "a.npy"], "--final-cell: expected a file of its own"),
      (["--final-cell", "y.npy"], "--final-cell: expected a file of its own"),
    ])
  func refusesUsage(options: [String], word: String) throws {
    try write(try Kind.lstm.call(as: Float.self, backend: .automatic))
    let before = try folder.names()
    let process = try run(options.map { $0.hasSuffix(".npy") ? folder.path($0) : $0 })
    #expect(process.status == 64 && process.errors.contains(word), "\(process.errors)")
    #expect(try folder.names() == before)
  }

  @Test("weights of no cell's shape are named, whatever --cell says", arguments: ["rnn", "lstm", "gru", nil])
  func refusesOtherShapes(cell: String?) throws {
    var call = try Kind.rnn.call(as: Float.self, backend: .automatic)
    call.parameters["weight_hh_l0"] = .zeros([14, 7])
    try write(call)
    let process = try run(cell.map { ["--cell", $0] } ?? [])
    #expect(process.status == 1)
    for word in ["weight_hh_l0", "[3·H, H] in a GRU", "[4·H, H] in an LSTM", "[14, 7]"] {
      #expect(process.errors.contains(word), "\(process.errors)")
    }
  }

  @Test("writes none of three files where the last cannot be written")
  func writesAllOrNone() throws {
    try write(try Kind.lstm.call(as: Float.self, backend: .automatic))
    let before = try folder.names()
    let process = try run(["--final-state", folder.path("hn.npy"), "--final-cell", folder.path("no/cn.npy")])
    #expect(process.status == 1)
    #expect(try folder.names() == before)
  }
}
