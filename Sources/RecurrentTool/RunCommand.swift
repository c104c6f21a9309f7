import ArgumentParser
import Recurrent

/// `recurrent run`: a model from a safetensors file over an input from a NumPy file.
struct RunCommand: FileCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a PyTorch-trained RNN, LSTM or GRU, or a cell of them, over an input.",
    discussion: """
      The kind, sizes, layers, directions, projection and bias are read from the names and shapes in the model. \
      The output has the model's number type: float64 for F64, else float32; inputs of the other type are converted. \
      D is 2 in a bidirectional layer, whose output has D times the features; P is H without a projection.
      """)

  @Argument(help: "The model: a safetensors file with PyTorch's parameter names.")
  var model: String

  @Option(help: "The input, .npy: [T, B, I], [T, I], or for a cell [B, I], [I].")
  var input: String

  @Option(help: "Where to write the output, .npy.")
  var output: String

  @Option(help: "The cell that the model must have; whichever it has without it.")
  var cell: CellKind?

  @Option(help: "The initial state h, .npy: [L·D, B, P], or for a cell [B, H]; zeros without it.")
  var initialState: String?

  @Option(help: "The initial cell state c of an LSTM, .npy: [L·D, B, H], or for a cell [B, H].")
  var initialCell: String?

  @Option(help: "Where to write the final state h, .npy.")
  var finalState: String?

  @Option(help: "Where to write the final cell state c of an LSTM, .npy.")
  var finalCell: String?

  @Option(help: "tanh or relu, for a plain RNN, whose file does not tell; tanh without it.")
  var nonlinearity: Nonlinearity?

  @Flag(help: "Sequences are [B, T, ...] instead of [T, B, ...].")
  var batchFirst = false

  @Option(help: "automatic, openblas or swift.")
  var backend: Backend = .automatic

  @Option(help: "float, bfloat16 or int8: what a float32 model's weights are rounded to.")
  var weights: WeightFormat = .float

  @Option(help: "What stands before the parameter names, such as rnn, its point or not; found without it.")
  var prefix: String?

  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard initialCell == nil || initialState != nil else {
      throw ValidationError("--initial-cell: expected --initial-state beside it, got none")
    }
  }

  var files: FilePlan {
    FilePlan(
      inputs: [
        "the model": model, "--input": input, "--initial-state": initialState,
        "--initial-cell": initialCell,
      ],
      outputs: ["--output": output, "--final-state": finalState, "--final-cell": finalCell], prints: false)
  }

  func run() throws {
    try threads.apply()
    let file = try SafetensorsFile(path: model)
    let source = try ModelSource(file: file, prefix: prefix)
    if source.isDoublePrecision {
      try run(source, as: Double.self)
    } else {
      try run(source, as: Float.self)
    }
  }

  private func run<Scalar: TensorScalar>(_ source: ModelSource, as _: Scalar.Type) throws {
    let parameters: StateDictionary<Scalar> = try source.stateDictionary()
    let architecture = try Architecture(of: parameters.map { ($0.key, $0.value.shape) })
    let kind = cell ?? architecture.cell
    let nonlinearity = nonlinearity ?? .tanh
    switch architecture.kind {
    case .layer:
      let layer = try kind.layer(parameters, nonlinearity: nonlinearity, batchFirst: batchFirst)
      try check(kind, architecture.kind)
      try runLayer(layer)
    case .cell:
      let cell = try kind.cell(parameters, nonlinearity: nonlinearity)
      try check(kind, architecture.kind)
      try runCell(cell)
    }
  }

  /// Refuses what the module has no use for, and half a state.
  private func check(_ kind: CellKind, _ form: Architecture.Kind) throws(RecurrentError) {
    let found = "the \(kind.name(of: form)) in \(printablePath(model))"
    for (option, isGiven, isUsed, expected) in [
      ("--initial-cell", initialCell != nil, kind == .lstm, "an LSTM or LSTMCell, which has a cell state"),
      ("--final-cell", finalCell != nil, kind == .lstm, "an LSTM or LSTMCell, which has a cell state"),
      ("--nonlinearity", nonlinearity != nil, kind == .rnn, "an RNN or RNNCell, which can have either"),
      ("--batch-first", batchFirst, form == .layer, "a layer, which has a time axis"),
    ] where isGiven && !isUsed {
      throw .invalidValue(argument: option, expected: expected, actual: found)
    }
    guard kind != .lstm || initialState == nil || initialCell != nil else {
      throw .invalidValue(
        argument: "--initial-state", expected: "--initial-cell beside it for \(found)", actual: "none")
    }
  }

  private func runLayer<Layer: RecurrentLayer>(_ layer: Layer) throws {
    try run(layer) { layer, x, state throws(RecurrentError) in try layer(x, state) }
  }

  private func runCell<Cell: RecurrentCell>(_ cell: Cell) throws {
    try run(cell) { cell, x, state throws(RecurrentError) in
      let next = try cell(x, state)
      return (next.hidden, next)
    }
  }

  private func run<Module: RecurrentModule>(
    _ module: Module,
    _ call: (Module, Tensor<Module.Scalar>, Module.State?) throws(RecurrentError) -> (
      output: Tensor<Module.Scalar>, finalState: Module.State
    )
  ) throws {
    var module = try module.rounded(to: weights)
    module.backend = backend
    module.threadCount = threads.threads
    let x: Tensor<Module.Scalar> = try NumPyFile(path: input).converted()
    let cell: Tensor<Module.Scalar>? = try initialCell.map { try NumPyFile(path: $0).converted() }
    let state = try initialState.map {
      Module.State(hidden: try NumPyFile(path: $0).converted(), cellState: cell)
    }
    let result = try call(module, x, state)
    try write([
      (result.output, output), (result.finalState.hidden, finalState),
      (result.finalState.cellState, finalCell),
    ])
  }

  /// Writes all files that are asked for whole before any takes its place.
  private func write<Scalar: TensorScalar>(_ files: [(tensor: Tensor<Scalar>?, path: String?)]) throws {
    let staged = try files.compactMap { tensor, path in
      guard let tensor, let path else { return nil as AtomicFile? }
      return try NumPyFile.stage(tensor, toPath: path)
    }
    for file in staged { try file.commit() }
  }
}

extension NumPyFile {
  /// The numbers in the model's type, rounded where that is the narrower one.
  fileprivate func converted<Scalar: TensorScalar>() throws -> Tensor<Scalar> {
    if Scalar.self == Float.self, scalarType.hasSuffix("f8") {
      return Tensor<Scalar>(try tensor(as: Double.self))
    }
    return try tensor()
  }
}
