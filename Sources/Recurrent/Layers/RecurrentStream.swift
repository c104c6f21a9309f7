internal import VectorKernels

/// A layer that is fed one step at a time and keeps its state: for signals that arrive while they
/// are processed.
///
///     var stream = try lstm.stream()                      // one sequence
///     while let frame = source.next() {                   // I scalars each
///       try stream.step(frame.span, into: &samples)       // P scalars
///     }
///
/// Where a block of steps arrives at once, as from an audio device, a call takes them all.
///
/// Steps of a stream give the bits that the layer gives for the whole sequence, on the Swift
/// backend. A step with spans neither allocates memory nor takes a lock, and runs on the calling
/// thread; one of an ``RNN`` counts no references on that backend.
///
/// A stream has one owner, and may be handed on to another thread. It keeps the parameters that the
/// layer had when the stream was made. `State` is what flows from step to step: a tensor for
/// ``RNN`` and ``GRU``, an ``LSTMState`` for ``LSTM``, a ``CustomState`` for ``CustomRNN``.
///
/// Shapes: B batch, I input size, H hidden size, P the features of the state, which are H without a
/// projection, L layers.
public struct RecurrentStream<State: RecurrentState>: ~Copyable, Sendable {
  /// The number type.
  public typealias Scalar = State.Scalar

  /// B, the sequences that are processed side by side.
  public let batchSize: Int
  /// I, the features of a step's input.
  public let inputSize: Int
  /// H, the units of a layer.
  public let hiddenSize: Int
  /// P, the features of a step's output.
  public let outputSize: Int
  /// L, the stacked layers.
  public let layerCount: Int

  private let stack: PreparedStack<Scalar>
  /// Of the layer as it was.
  private let core: RecurrentCore<Scalar>
  /// How states keep their value, in expectation; `nil` where they do not.
  private let zoneout: ZoneoutPass?
  /// Two sets of states, `[L, B, P]` each: of the last step, and of the step that is computed. Then
  /// the cell states, `[L, B, H]`, of cells with a formula, and the scratch of a step.
  private let buffer: AlignedBuffer<Scalar>
  /// Which set is that of the last step.
  private var current = 0
  /// The scratch of a call of several steps, from the first such call on.
  private var blockScratch: AlignedBuffer<Scalar>?

  /// Makes a stream of a layer whose states are zeros.
  init(
    _ core: RecurrentCore<Scalar>, batchSize: Int, _ execution: Execution
  ) throws(RecurrentError) {
    let layer = core.stack
    try layer.validateForSteps()
    guard batchSize >= 0 else {
      throw .invalidSize(argument: "batchSize", expected: "at least 0", actual: batchSize)
    }
    let stack = try layer.prepared(
      for: execution.backend.resolved, layer.instructions(rows: batchSize, execution))
    let scalarsPerRow =
      layer.layerCount * (2 * layer.stateSize + layer.hiddenSize) + layer.inputSize
      + stack.stepScratchSize(rows: 1, hasZoneout: true)
    let limit = min(
      RecurrentStack<Scalar>.greatestSize, RecurrentStack<Scalar>.greatestScalarCount / scalarsPerRow)
    guard batchSize <= limit else {
      throw .invalidSize(argument: "batchSize", expected: "at most \(limit)", actual: batchSize)
    }
    self.stack = stack
    self.core = core
    self.batchSize = batchSize
    zoneout = layer.zoneoutPass(noise: nil)
    inputSize = layer.inputSize
    hiddenSize = layer.hiddenSize
    outputSize = layer.stateSize
    layerCount = layer.layerCount
    let cellStateCount = stack.formula == nil ? 0 : layer.layerCount * batchSize * layer.hiddenSize
    let count = 2 * layer.layerCount * batchSize * layer.stateSize + cellStateCount
    buffer = AlignedBuffer(count: count + stack.stepScratchSize(rows: batchSize, hasZoneout: zoneout != nil))
    buffer.base.fillWithZeros(count: count)
  }

  /// The scalars of a set of states.
  private var stateCount: Int { layerCount * batchSize * outputSize }

  /// Computes one step, or several one after the other.
  ///
  /// Of several steps, the products with the input are computed at once, as a layer does; the
  /// results have the bits of single steps on the Swift backend. The first such call takes memory
  /// for it.
  ///
  /// - Parameters:
  ///   - input: T steps of B rows of I features, one step and row after the other; T is at least 1.
  ///   - output: Takes the last layer's T steps of B rows of P features.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` for another number of
  ///   scalars; nothing has happened then.
  /// - Complexity: 2·G·T·B·H·(I + P) operations for the first layer and 4·G·T·B·H·P for each other,
  ///   G the gates.
  @specialized(where State == Tensor<Float>)
  @specialized(where State == Tensor<Double>)
  @specialized(where State == LSTMState<Float>)
  @specialized(where State == LSTMState<Double>)
  public mutating func step(
    _ input: Span<Scalar>, into output: inout MutableSpan<Scalar>
  ) throws(RecurrentError) {
    let stepSize = batchSize * inputSize
    let isOneStep = input.count == stepSize
    guard isOneStep || (stepSize > 0 && !input.isEmpty && input.count % stepSize == 0) else {
      throw .invalidSize(
        argument: "input", expected: "\(batchSize) rows of \(inputSize) scalars", actual: input.count)
    }
    let steps = isOneStep ? 1 : input.count / stepSize
    guard output.count == steps * batchSize * outputSize else {
      throw .invalidSize(
        argument: "output", expected: "\(steps * batchSize) rows of \(outputSize) scalars",
        actual: output.count)
    }
    guard batchSize > 0 else { return }
    guard isOneStep else {
      return input.withUnsafeBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
          guard let input = input.baseAddress, let output = output.baseAddress else { return }
          advance(steps, input, into: output)
        }
      }
    }
    let result = input.withUnsafeBufferPointer { advance($0.baseAddress) }
    output.withUnsafeMutableBufferPointer {
      $0.baseAddress?.update(from: result, count: batchSize * outputSize)
    }
  }

  /// Computes one step, or several one after the other.
  ///
  /// - Parameter input: `[B, I]`, or `[T, B, I]`, T at least 1.
  /// - Returns: The last layer's output, `[B, P]` or `[T, B, P]`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape;
  ///   nothing has happened then.
  /// - Complexity: 2·G·T·B·H·(I + P) operations for the first layer and 4·G·T·B·H·P for each other,
  ///   and memory for the result.
  public mutating func step(_ input: Tensor<Scalar>) throws(RecurrentError) -> Tensor<Scalar> {
    let dimensions = input.shape.dimensions
    guard (2...3).contains(dimensions.count), dimensions.suffix(2) == [batchSize, inputSize],
      dimensions[0] > 0 || dimensions.count == 2
    else {
      throw .shapeMismatch(
        argument: "input", expected: "[\(batchSize), \(inputSize)]", actual: input.shape)
    }
    let shape = input.shape.replacingLast(with: outputSize)
    let scalars = input.scalars
    var output = [Scalar](repeating: 0, count: shape.elementCount)
    guard batchSize > 0 else { return Tensor(unchecked: output, shape: shape) }
    var target = output.mutableSpan
    try step(scalars.span, into: &target)
    return Tensor(unchecked: output, shape: shape)
  }

  /// Runs all layers for one step, and returns where the last one's output stands.
  @inline(__always)
  private mutating func advance(_ input: UnsafePointer<Scalar>?) -> UnsafePointer<Scalar> {
    let size = batchSize * outputSize
    let before = buffer.base + current * stateCount
    let after = buffer.base + (1 - current) * stateCount
    // Without a formula nothing touches them.
    let cellStates = buffer.base + 2 * stateCount
    guard let input else { preconditionFailure("rows without memory") }
    // What is only read has the same kind of view as what is written.
    var source = MatrixRows(
      base: UnsafeMutablePointer(mutating: input), rowStride: inputSize)
    for layer in 0..<layerCount {
      let previous = MatrixRows(base: before + layer * size, rowStride: outputSize)
      let target = MatrixRows(base: after + layer * size, rowStride: outputSize)
      stack.step(
        layer: layer, rows: batchSize, source, previous,
        cellState: cellStates + layer * batchSize * hiddenSize,
        into: target, scratch: cellStates + layerCount * batchSize * hiddenSize, zoneout: zoneout,
        // Back and forth, so that a cache keeps what is read first.
        startsAtEnd: current == 1)
      source = target
    }
    current = 1 - current
    return UnsafePointer(source.base)
  }
}

// MARK: Several steps

extension RecurrentStream {
  /// Runs all layers for several steps, as a pass through a sequence does, on the calling thread.
  @inline(never)
  private mutating func advance(
    _ steps: Int, _ input: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>
  ) {
    func shape(_ steps: Int) -> ForwardShape {
      core.stack.sizes.forwardShape(steps: steps, rows: batchSize, scalarSize: MemoryLayout<Scalar>.size)
    }
    // However many steps a call has, its chunks are those of a long one, for which there is memory.
    let chunk = ForwardPlan.stepsPerChunk(shape(.max), .rows, threadCount: 1)
    let pass = ForwardPass(
      stack: stack, cells: stack.cells[...], shape: shape(steps),
      schedule: SequenceSchedule(steps: steps, rows: batchSize),
      plan: ForwardPlan(stepsPerChunk: chunk),
      // What is only read has the same kind of view as what is written.
      input: SequenceMemory(UnsafeMutablePointer(mutating: input), rowStride: inputSize),
      output: SequenceMemory(output, rowStride: outputSize),
      initialStates: buffer.base + current * stateCount,
      finalStates: buffer.base + (1 - current) * stateCount,
      cellStates: core.stack.kind.carriesMemory ? buffer.base + 2 * stateCount : nil, zoneout: zoneout)
    let all = ForwardPass<Scalar>.Partition(rows: 0..<batchSize, layers: 0..<layerCount)
    let scratch = blockScratch ?? AlignedBuffer(count: pass.wholeScratchSize(for: all))
    blockScratch = scratch
    pass.run(all, scratch: scratch.base)
    current = 1 - current
  }
}

// MARK: States

extension RecurrentStream {
  private var stateShape: Shape { [layerCount, batchSize, outputSize] }
  private var cellStateShape: Shape { [layerCount, batchSize, hiddenSize] }

  /// Every layer's state after the last step: h `[L, B, P]`, and the cell state `[L, B, H]` where
  /// there is one.
  public var state: State {
    State(
      hidden: copy(from: current * stateCount, stateShape),
      cellState: core.stack.kind.carriesMemory ? copy(from: 2 * stateCount, cellStateShape) : nil)
  }

  /// Sets every layer's state, as before a new sequence.
  ///
  /// - Parameter state: h `[L, B, P]`, and the cell state `[L, B, H]` where there is one; zeros if
  ///   `nil`.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape; the
  ///   state is then what it was.
  public mutating func reset(to state: State? = nil) throws(RecurrentError) {
    try core.require(state?.hidden, stateShape, state?.cellState, cellStateShape, "state")
    copy(core.scalars(ofHidden: state?.hidden, stateShape), to: current * stateCount)
    // Empty where there is no place for it.
    copy(core.scalars(ofCellState: state?.cellState, cellStateShape), to: 2 * stateCount)
  }

  private func copy(from start: Int, _ shape: Shape) -> Tensor<Scalar> {
    let scalars = UnsafeBufferPointer(start: buffer.base + start, count: shape.elementCount)
    return Tensor(unchecked: Array(scalars), shape: shape)
  }

  private func copy(_ scalars: [Scalar], to start: Int) {
    scalars.withUnsafeBufferPointer {
      if let base = $0.baseAddress { (buffer.base + start).update(from: base, count: $0.count) }
    }
  }
}

/// A stream of an ``RNN``.
public typealias RNNStream<Scalar: TensorScalar> = RecurrentStream<Tensor<Scalar>>

/// A stream of a ``GRU``.
public typealias GRUStream<Scalar: TensorScalar> = RecurrentStream<Tensor<Scalar>>

/// A stream of an ``LSTM``.
public typealias LSTMStream<Scalar: TensorScalar> = RecurrentStream<LSTMState<Scalar>>

/// A stream of a ``CustomRNN``.
public typealias CustomRNNStream<Scalar: TensorScalar> = RecurrentStream<CustomState<Scalar>>
