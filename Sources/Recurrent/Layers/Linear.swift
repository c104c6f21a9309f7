/// An affine layer: a linear map and a bias, applied along the last axis.
///
///     y = x · Wᵀ + b
///
///     let head = Linear<Float>(inputSize: 32, outputSize: 1)
///     let y = try head(x)     // x [10, 3, 32]: y [10, 3, 1]
///
/// A layer is a value. Copies share their weights, packed for the kernels once for each version of
/// the parameters, until one of them is changed; many tasks may call one layer at once.
///
/// Shapes: I input size, O output size; `…` any axes.
///
/// ### Source
/// Names, shapes and initialization are those of PyTorch's `nn.Linear`.
public struct Linear<Scalar: TensorScalar>: Sendable {
  /// I, the features of the input.
  public let inputSize: Int
  /// O, the features of the output.
  public let outputSize: Int
  /// Whether the layer adds a bias.
  public let hasBias: Bool

  /// The parameters; a tensor of another shape may be assigned, and the next call then throws.
  public var parameters: LinearParameters<Scalar> {
    didSet { preparations = Preparations() }
  }

  /// Who multiplies the matrices.
  public var backend: Backend = .automatic

  /// The threads that a call may use, 1 to 1024; `nil` for `RECURRENT_THREADS` or the available
  /// processors.
  ///
  /// Results on the Swift backend do not depend on it. OpenBLAS has a setting of its own, see
  /// ``OpenBLASLibrary``.
  public var threadCount: Int?

  private var preparations = Preparations<PreparedLinear<Scalar>>()

  /// Creates a layer with parameters drawn uniformly from ±1/√I.
  ///
  /// An initializer does not throw. Where a size is out of range, the layer's parameters are empty
  /// and every call of it throws ``RecurrentError/invalidSize(argument:expected:actual:)``.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of the input; at least 1.
  ///   - outputSize: O, the features of the output; at least 1.
  ///   - bias: Whether the layer adds a bias.
  public init(inputSize: Int, outputSize: Int, bias: Bool = true) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    self.init(inputSize: inputSize, outputSize: outputSize, bias: bias, using: &generator)
  }

  /// Creates a layer with parameters drawn uniformly from ±1/√I by a generator of yours.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of the input; at least 1.
  ///   - outputSize: O, the features of the output; at least 1.
  ///   - bias: Whether the layer adds a bias.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the layer reproducible.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int, outputSize: Int, bias: Bool = true, using generator: inout Generator
  ) {
    self.inputSize = inputSize
    self.outputSize = outputSize
    hasBias = bias
    parameters = LinearParameters(weight: .zeros([0, 0]), bias: bias ? .zeros([0]) : nil)
    guard Self.sizeError(inputSize, outputSize) == nil,
      Memory.isAvailable(byteCount: inputSize * outputSize * MemoryLayout<Scalar>.stride)
    else { return }
    let bound = Scalar(1 / Double(inputSize).squareRoot())
    parameters.weight = .uniform([outputSize, inputSize], in: -bound...bound, using: &generator)
    if bias { parameters.bias = .uniform([outputSize], in: -bound...bound, using: &generator) }
  }

  /// Creates a layer from a state dictionary; its names and shapes tell the sizes and the bias.
  ///
  /// - Parameter stateDictionary: `weight` `[O, I]` and, for a layer with bias, `bias` `[O]`.
  /// - Throws: ``RecurrentError/stateDictionaryMismatch(_:)`` if names or shapes do not fit
  ///   together, ``RecurrentError/shapeMismatch(argument:expected:actual:)`` if `weight` is no
  ///   matrix, ``RecurrentError/invalidSize(argument:expected:actual:)`` if a size is out of range.
  public init(stateDictionary: StateDictionary<Scalar>) throws(RecurrentError) {
    let shape = stateDictionary["weight"]?.shape ?? [1, 1]
    guard shape.rank == 2 else {
      throw .shapeMismatch(argument: "weight", expected: "[O, I]", actual: shape)
    }
    (outputSize, inputSize) = (shape[0], shape[1])
    hasBias = stateDictionary["bias"] != nil
    if let error = Self.sizeError(inputSize, outputSize) { throw error }
    parameters = LinearParameters(
      weight: .zeros(shape), bias: hasBias ? .zeros([shape[0]]) : nil)
    try load(stateDictionary)
  }

  /// Applies the layer to every row.
  ///
  /// - Parameter input: x, `[…, I]`; any of the leading axes may be empty, or there may be none.
  /// - Returns: y, `[…, O]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape, and
  ///   what the layer's own sizes, parameters and backend or the environment give reason for.
  /// - Complexity: 2·rows·I·O operations.
  public func callAsFunction(_ input: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
    try run(input, execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Applies the layer by an execution that tests and tools name.
  package func run(
    _ input: Tensor<Scalar>, execution: Execution
  ) throws(RecurrentError) -> Tensor<Scalar> {
    let rows = try rows(of: input)
    let prepared = try prepared(rows: rows, execution)
    let outputShape = input.shape.replacingLast(with: outputSize)
    let output = prepared.weight.product(input.scalars, rows: rows, execution)
    return Tensor(unchecked: output, shape: outputShape)
  }

  /// Checks an input; the number of its rows.
  func rows(of input: Tensor<Scalar>) throws(RecurrentError) -> Int {
    if let error = Self.sizeError(inputSize, outputSize) { throw error }
    guard input.shape.rank > 0, input.shape[input.shape.rank - 1] == inputSize else {
      throw .shapeMismatch(argument: "input", expected: "[…, \(inputSize)]", actual: input.shape)
    }
    let rows = input.scalars.count / inputSize
    guard rows <= Self.greatestSize else {
      throw .invalidSize(argument: "input", expected: "at most \(Self.greatestSize) rows", actual: rows)
    }
    return rows
  }

  /// The weights for a call of so many rows.
  func prepared(
    rows: Int, _ execution: Execution
  ) throws(RecurrentError) -> PreparedLinear<Scalar> {
    let backend = execution.backend.resolved
    return try preparations.value(for: backend, execution.instructions) {
      () throws(RecurrentError) in
      try parameters.validate(inputSize: inputSize, outputSize: outputSize)
      let engine = try MatrixEngine<Scalar>(backend: backend, instructions: execution.instructions)
      return PreparedLinear(
        weight: BlockedMatrix(
          parameters.weight.scalars, columns: outputSize, depth: inputSize, columnStride: inputSize,
          depthStride: 1, start: parameters.bias?.scalars, engine, execution))
    }
  }

  /// What is wrong with sizes, if anything.
  private static func sizeError(_ inputSize: Int, _ outputSize: Int) -> RecurrentError? {
    for (argument, size) in [("inputSize", inputSize), ("outputSize", outputSize)]
    where !(1...greatestSize).contains(size) {
      return .invalidSize(argument: argument, expected: "1 to \(greatestSize)", actual: size)
    }
    guard inputSize * outputSize <= greatestParameterCount else {
      return .invalidSize(
        argument: "outputSize", expected: "at most \(greatestParameterCount) weights in all",
        actual: outputSize)
    }
    return nil
  }

  /// Sizes fit the 32-bit integers of BLAS.
  private static var greatestSize: Int { Int(Int32.max) }
  /// 2³⁶ weights, 256 GiB of `Float`: beyond any machine that this package is for.
  private static var greatestParameterCount: Int { 1 << 36 }
}

/// The weights of a linear layer as an engine wants them.
final class PreparedLinear<Scalar: TensorScalar>: PreparedForEngine {
  /// W [O, I]; its rows start from b.
  let weight: BlockedMatrix<Scalar>

  var engine: MatrixEngine<Scalar> { weight.engine }

  init(weight: BlockedMatrix<Scalar>) {
    self.weight = weight
  }
}

extension Linear: Parameterized {
  /// Visits the parameters under PyTorch's names: `weight`, `bias`.
  ///
  /// Packed weights are dropped, as with any access that may change a parameter.
  public mutating func forEachParameter(
    _ body: (String, inout Tensor<Scalar>) throws -> Void
  ) rethrows {
    try parameters.forEach(body)
  }
}

extension Linear: CustomStringConvertible {
  /// The layer as PyTorch prints it.
  public var description: String {
    let bias = hasBias ? "True" : "False"
    return "Linear(in_features=\(inputSize), out_features=\(outputSize), bias=\(bias))"
  }
}
