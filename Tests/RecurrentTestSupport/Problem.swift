import Recurrent

/// A descriptor's layer, input and state.
public struct Problem<Scalar: TensorScalar>: Sendable {
  /// The case.
  public let descriptor: ProblemDescriptor
  /// The layer.
  public let layer: RNN<Scalar>
  /// The input in time-major order, [T, B, I], whatever the layer takes.
  public let timeMajorInput: [Scalar]
  /// The initial state, or `nil`.
  public let initialState: Tensor<Scalar>?
  /// The input as the layer takes it.
  public let input: Tensor<Scalar>

  /// Builds everything from the seed. The numbers depend on sizes and seed only, and are the same
  /// for both orders of the axes, all backends and, up to rounding, both scalar types.
  public init(_ descriptor: ProblemDescriptor, _: Scalar.Type = Scalar.self) {
    self.descriptor = descriptor
    var generator = SeededGenerator(seed: descriptor.seed)
    layer = RNN(
      inputSize: descriptor.inputSize, hiddenSize: descriptor.hiddenSize,
      layerCount: descriptor.layerCount, nonlinearity: descriptor.nonlinearity,
      bias: descriptor.bias, batchFirst: descriptor.batchFirst, using: &generator)
    let (steps, rows, inputSize) = (descriptor.steps, descriptor.rows, descriptor.inputSize)
    let ordered = Tensor<Scalar>.uniform([steps, rows, inputSize], in: -1...1, using: &generator)
    timeMajorInput = ordered.scalars
    var input = ordered
    if descriptor.batch == nil {
      input = Tensor.zeros([steps, inputSize])
      input.scalars = ordered.scalars
    } else if descriptor.batchFirst {
      input = Tensor.zeros([rows, steps, inputSize])
      input.scalars = batchMajor(ordered.scalars, steps: steps, rows: rows)
    }
    self.input = input
    let stateShape: Shape =
      descriptor.batch == nil
      ? [descriptor.layerCount, descriptor.hiddenSize]
      : [descriptor.layerCount, rows, descriptor.hiddenSize]
    initialState =
      descriptor.hasState ? Tensor.uniform(stateShape, in: -1...1, using: &generator) : nil
  }

  /// Runs the layer as the descriptor says; the output in time-major order.
  public func run() throws -> (output: Tensor<Scalar>, finalState: Tensor<Scalar>) {
    var result = try layer.run(input, from: initialState, execution: descriptor.execution)
    if descriptor.batch != nil, descriptor.batchFirst {
      let scalars = timeMajor(
        result.output.scalars, steps: descriptor.steps, rows: descriptor.rows)
      result.output = Tensor.zeros([descriptor.steps, descriptor.rows, descriptor.hiddenSize])
      result.output.scalars = scalars
    }
    return result
  }

  /// What the result should be, and how close.
  public func expectation() -> Expectation {
    Expectation(
      layer.parameters, nonlinearity: layer.nonlinearity,
      input: timeMajorInput.map { Double($0) }, steps: descriptor.steps, rows: descriptor.rows,
      initialState: initialState?.scalars.map { Double($0) }, Scalar.self)
  }
}

/// What the reference gives for a network, and how close a result must come.
public struct Expectation: Sendable {
  /// The last layer's output, [T, B, H].
  public let output: [Double]
  /// Every layer's final state, [L, B, H].
  public let finalState: [Double]
  /// The bounds of both.
  public let bound: Tolerance.PassBound

  /// Runs the reference in Double; the bound is for results of type `Scalar`.
  public init<Parameter: TensorScalar, Scalar: TensorScalar>(
    _ parameters: [CellParameters<Parameter>], nonlinearity: Nonlinearity, input: [Double],
    steps: Int, rows: Int, initialState: [Double]?, _: Scalar.Type
  ) {
    let reference = ReferenceRNN(parameters, nonlinearity: nonlinearity)
    let histories = reference.run(input, steps: steps, rows: rows, initialState: initialState)
    let stateCount = rows * (reference.cells.first?.hiddenSize ?? 0)
    output = Array(histories[histories.count - 1].states.dropFirst(stateCount))
    finalState = histories.flatMap { $0.states.suffix(stateCount) }
    bound = Tolerance.bound(
      for: reference, histories, input: input, steps: steps, rows: rows, Scalar.self)
  }
}
