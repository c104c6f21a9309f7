internal import VectorKernels

/// An ``RNN`` that is fed one step at a time and keeps its state: for signals that arrive while they are processed.
///
///     var stream = try rnn.stream()                       // one sequence
///     while let frame = source.next() {                   // I scalars each
///       try stream.step(frame.span, into: &samples)       // H scalars
///     }
///
/// Steps of a stream give the bits that the layer gives for the whole sequence, on the Swift backend. A step with spans
/// neither allocates memory nor takes a lock nor counts references, and runs on the calling thread.
///
/// A stream has one owner, and may be handed on to another thread. It keeps the parameters that the layer had when the
/// stream was made.
///
/// Shapes: B batch, I input size, H hidden size, L layers.
public struct RNNStream<Scalar: TensorScalar>: ~Copyable, Sendable {
  /// B, the sequences that are processed side by side.
  public let batchSize: Int
  /// I, the features of a step's input.
  public let inputSize: Int
  /// H, the features of a step's output.
  public let hiddenSize: Int
  /// L, the stacked layers.
  public let layerCount: Int

  private let stack: PreparedStack<Scalar>
  /// Two sets of states, `[L, B, H]` each: of the last step, and of the step that is computed.
  private let states: AlignedBuffer<Scalar>
  /// Which set is that of the last step.
  private var current = 0

  fileprivate init(
    _ stack: PreparedStack<Scalar>, of layer: RecurrentStack<Scalar>, batchSize: Int
  ) {
    self.stack = stack
    self.batchSize = batchSize
    inputSize = layer.inputSize
    hiddenSize = layer.hiddenSize
    layerCount = layer.layerCount
    let count = 2 * layer.layerCount * batchSize * layer.hiddenSize
    states = AlignedBuffer(count: count)
    states.base.fillWithZeros(count: count)
  }

  /// Computes one step.
  ///
  /// - Parameters:
  ///   - input: The B rows of I features, one row after the other.
  ///   - output: Takes the last layer's B rows of H features.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for another number of scalars; nothing has
  ///   happened then.
  /// - Complexity: 2·B·H·(I + H) operations for the first layer and 4·B·H² for each other.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func step(
    _ input: Span<Scalar>, into output: inout MutableSpan<Scalar>
  ) throws(RecurrentError) {
    guard input.count == batchSize * inputSize else {
      throw .invalidSize(
        argument: "input", expected: "\(batchSize) rows of \(inputSize) scalars", actual: input.count)
    }
    guard output.count == batchSize * hiddenSize else {
      throw .invalidSize(
        argument: "output", expected: "\(batchSize) rows of \(hiddenSize) scalars", actual: output.count)
    }
    guard batchSize > 0 else { return }
    let result = input.withUnsafeBufferPointer { advance($0.baseAddress) }
    output.withUnsafeMutableBufferPointer {
      $0.baseAddress?.update(from: result, count: batchSize * hiddenSize)
    }
  }

  /// Computes one step.
  ///
  /// - Parameter input: `[B, I]`.
  /// - Returns: The last layer's output, `[B, H]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape; nothing has happened then.
  /// - Complexity: 2·B·H·(I + H) operations for the first layer and 4·B·H² for each other, and memory for the result.
  public mutating func step(_ input: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
    guard input.shape == [batchSize, inputSize] else {
      throw .shapeMismatch(
        argument: "input", expected: "[\(batchSize), \(inputSize)]", actual: input.shape)
    }
    let scalars = input.scalars
    var output = [Scalar](repeating: 0, count: batchSize * hiddenSize)
    var target = output.mutableSpan
    try step(scalars.span, into: &target)
    return Tensor(unchecked: output, shape: [batchSize, hiddenSize])
  }

  /// Every layer's state after the last step, `[L, B, H]`.
  public var state: Tensor<Scalar> {
    let count = layerCount * batchSize * hiddenSize
    let scalars = UnsafeBufferPointer(start: states.base + current * count, count: count)
    return Tensor(unchecked: Array(scalars), shape: [layerCount, batchSize, hiddenSize])
  }

  /// Sets every layer's state, as before a new sequence.
  ///
  /// - Parameter state: `[L, B, H]`; zeros if `nil`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape; the state is then what it was.
  public mutating func reset(to state: Tensor<Scalar>? = nil) throws(RecurrentError) {
    let shape: Shape = [layerCount, batchSize, hiddenSize]
    let count = shape.elementCount
    guard let state else {
      return (states.base + current * count).fillWithZeros(count: count)
    }
    guard state.shape == shape else {
      throw .shapeMismatch(argument: "state", expected: shape.description, actual: state.shape)
    }
    state.scalars.withUnsafeBufferPointer {
      if let base = $0.baseAddress { (states.base + current * count).update(from: base, count: count) }
    }
  }

  /// Runs all layers for one step, and returns where the last one's output stands.
  @inline(__always)
  private mutating func advance(_ input: UnsafePointer<Scalar>?) -> UnsafePointer<Scalar> {
    let size = batchSize * hiddenSize
    let before = states.base + current * layerCount * size
    let after = states.base + (1 - current) * layerCount * size
    let rows = RowLayout(rowStride: hiddenSize)
    guard let input else { preconditionFailure("rows without memory") }
    // What is only read has the same kind of view as what is written.
    var source = MatrixRows(
      base: UnsafeMutablePointer(mutating: input), layout: RowLayout(rowStride: inputSize))
    for layer in 0..<layerCount {
      let target = MatrixRows(base: after + layer * size, layout: rows)
      stack.step(
        layer: layer, rows: batchSize, source, MatrixRows(base: before + layer * size, layout: rows),
        into: target)
      source = target
    }
    current = 1 - current
    return UnsafePointer(source.base)
  }
}

extension RNN {
  /// Makes a stream that runs this layer one step at a time.
  ///
  /// - Parameters:
  ///   - batchSize: B, the sequences that are processed side by side.
  ///   - initialState: Every layer's state before the first step, `[L, B, H]`; zeros if `nil`.
  /// - Returns: A stream with the parameters and the backend that the layer has now.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a batch size out of range,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a layer of both directions, and what the layer's own
  ///   sizes, parameters and backend or the environment give reason for.
  public func stream(
    batchSize: Int = 1, from initialState: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> RNNStream<Scalar> {
    try stack.validateSizes()
    guard directions == .forward else {
      throw .invalidValue(
        argument: "directions", expected: "a layer that reads forward, for steps that arrive one by one",
        actual: directions.rawValue)
    }
    guard batchSize >= 0 else {
      throw .invalidSize(argument: "batchSize", expected: "at least 0", actual: batchSize)
    }
    try stack.validateExtent(steps: 2 * layerCount, rows: batchSize)
    let execution = try Execution(resolving: backend, threadCount: 1)
    var stream = RNNStream(
      try stack.prepared(for: execution.backend.resolved, execution.instructions), of: stack,
      batchSize: batchSize)
    if let initialState { try stream.reset(to: initialState) }
    return stream
  }
}
