import ArgumentParser
import Recurrent

/// `recurrent run`: a model from a safetensors file over an input from a NumPy file.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a PyTorch-trained RNN or RNNCell over an input.",
    discussion: """
      Sizes, layers, bias and kind are read from the names and shapes in the model. The output has the \
      model's number type: float64 for F64, else float32; inputs of the other type are converted.
      """)

  @Argument(help: "The model: a safetensors file with PyTorch's parameter names.")
  var model: String

  @Option(help: "The input, .npy: [T, B, I], [T, I], or for a cell [B, I], [I].")
  var input: String

  @Option(help: "Where to write the output, .npy.")
  var output: String

  @Option(help: "The initial state, .npy: [L, B, H], or for a cell [B, H]; zeros without it.")
  var initialState: String?

  @Option(help: "Where to write the final state, .npy.")
  var finalState: String?

  @Option(help: "tanh or relu; a model file does not tell.")
  var nonlinearity: Nonlinearity = .tanh

  @Flag(help: "Sequences are [B, T, ...] instead of [T, B, ...].")
  var batchFirst = false

  @Option(help: "automatic, openblas or swift.")
  var backend: Backend = .automatic

  @Option(help: "What stands before the parameter names, such as \"rnn.\"; found without it.")
  var prefix: String?

  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if let finalState, finalState == output {
      throw ValidationError(
        "--final-state: expected another file than --output, got \(finalState) for both")
    }
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
    let x: Tensor<Scalar> = try NumPyFile(path: input).converted()
    let h0: Tensor<Scalar>? = try initialState.map { try NumPyFile(path: $0).converted() }
    let result: (output: Tensor<Scalar>, finalState: Tensor<Scalar>)
    if source.isCell {
      guard !batchFirst else {
        throw RecurrentError.invalidValue(
          argument: "--batch-first", expected: "a layer, which has a time axis",
          actual: "the cell in \(model)")
      }
      var cell = try RNNCell(stateDictionary: parameters, nonlinearity: nonlinearity)
      cell.backend = backend
      cell.threadCount = threads.threads
      let state = try cell(x, h0)
      result = (state, state)
    } else {
      var layer = try RNN(
        stateDictionary: parameters, nonlinearity: nonlinearity, batchFirst: batchFirst)
      layer.backend = backend
      layer.threadCount = threads.threads
      result = try layer(x, h0)
    }
    try write(result.output, result.finalState)
  }

  /// Writes both files whole before either takes its place.
  private func write<Scalar: TensorScalar>(
    _ output: Tensor<Scalar>, _ state: Tensor<Scalar>
  ) throws {
    let stagedOutput = try NumPyFile.stage(output, toPath: self.output)
    let stagedState = try finalState.map { try NumPyFile.stage(state, toPath: $0) }
    try stagedOutput.commit()
    try stagedState?.commit()
  }
}

extension NumPyFile {
  /// The numbers in the model's type, rounded where that is the narrower one.
  fileprivate func converted<Scalar: TensorScalar>() throws -> Tensor<Scalar> {
    if Scalar.self == Float.self, scalarType == "<f8" {
      return Tensor<Scalar>(try tensor(as: Double.self))
    }
    return try tensor()
  }
}
