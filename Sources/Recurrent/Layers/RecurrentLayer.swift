/// A stack of recurrent cells over whole sequences: ``RNN``, ``LSTM``, ``GRU`` and ``CustomRNN``.
///
/// Every call and option that is here is there for each of them, and code of yours may be generic
/// over them:
///
///     func encode<Layer: RecurrentLayer>(_ layer: Layer, _ x: Tensor<Layer.Scalar>) throws -> Tensor<Layer.Scalar> {
///       let (_, finalState) = try layer(x)
///       return finalState.hidden[layer.layerCount - 1]
///     }
///
/// A layer is a value. Copies share their weights, packed for the kernels once for each version of
/// the parameters, until one of them is changed; many tasks may call one layer at once.
///
/// Shapes: T time steps, B batch, I input size, H hidden size, P the features of the state (H
/// without a projection), L layers, D directions, G gates.
public protocol RecurrentLayer<Scalar>: RecurrentModule {}

extension RecurrentLayer {
  /// L, the stacked layers.
  public var layerCount: Int { _core.stack.layerCount }

  /// Whether the layer reads forward only, or both ways.
  public var directions: Directions { _core.stack.directions }

  /// Whether sequences are `[B, T, …]` instead of `[T, B, …]`. States are `[L·D, B, P]` in either
  /// case.
  public var batchFirst: Bool { _core.batchFirst }

  /// The probability with which elements of each layer's output but the last one's are dropped in
  /// training.
  ///
  /// Only `valueWithPullback` with a generator drops; every other call runs the network as it is
  /// used. So there is no mode to set.
  public var dropout: Double { _core.stack.regularization.dropout }

  /// Whether a sequence has one mask of dropout for all of its steps, as variational dropout has:
  /// Y. Gal, Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural
  /// networks", NIPS 2016.
  public var variationalDropout: Bool { _core.stack.regularization.isVariational }

  /// The parameters of every cell: of the layer that takes the input first, and in both directions
  /// of the forward one first.
  ///
  /// A tensor of another shape may be assigned; the next call then throws.
  public var parameters: [CellParameters<Scalar>] {
    get { _core.stack.parameters }
    _modify { yield &_core.stack.parameters }
  }

  /// Runs the layer over a sequence.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`. B may be 0.
  ///   - initialState: Every cell's state before the first step, h `[L·D, B, P]`, without B where
  ///     unbatched; zeros if `nil`.
  ///   - resets: 1 where a row is reset and 0 elsewhere, `[T, B]`, `[B, T]` or `[T]`: its state is
  ///     zeros there, in both directions of time, as where an episode or a document begins. At a
  ///     first step the initial state is dropped. `nil` for none.
  /// - Returns: `output`, the last layer's h after every step, `[T, B, D·P]`, `[B, T, D·P]` or
  ///   `[T, D·P]`, and `finalState`, every cell's state after its last step.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/emptySequence(argument:)`` for T = 0,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a number in the mask that is
  ///   neither 0 nor 1, and what the layer's own sizes, parameters and backend or the environment
  ///   give reason for.
  /// - Complexity: 2·G·T·B·H·(I + P) operations for the first layer and 2·G·T·B·H·(D + 1)·P for
  ///   each other, in each direction; the number of allocations does not depend on T.
  @inlinable @inline(__always)
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ initialState: State? = nil, resets: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State) {
    let (output, hidden, cellState) = try _core.run(
      input, hidden: initialState?.hidden, cellState: initialState?.cellState, resets: resets)
    return (output, State(hidden: hidden, cellState: cellState))
  }

  /// Runs the layer over sequences of unequal lengths.
  ///
  ///     let (output, finalState) = try rnn(PackedSequence([a, b, c]))
  ///
  /// On the Swift backend every sequence has the bits that it has alone. Only the steps that there
  /// are cost time.
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence, h `[L·D, B, P]`,
  ///     B in the order in which the sequences were given; zeros if `nil`.
  /// - Returns: `output`, sequences of D·P features, and `finalState`, every cell's state after
  ///   each sequence's own last step.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for other features or
  ///   another state, and what the layer's own sizes, parameters and backend or the environment
  ///   give reason for.
  /// - Complexity: As for a batch of equal lengths, with N, the steps of all sequences, in the
  ///   place of T·B.
  @inlinable @inline(__always)
  public func callAsFunction(
    _ input: PackedSequence<Scalar>, _ initialState: State? = nil
  ) throws(RecurrentError) -> (output: PackedSequence<Scalar>, finalState: State) {
    let (output, hidden, cellState) = try _core.run(
      input, hidden: initialState?.hidden, cellState: initialState?.cellState)
    return (output, State(hidden: hidden, cellState: cellState))
  }

  /// Makes a stream that runs this layer one step at a time.
  ///
  /// - Parameters:
  ///   - batchSize: B, the sequences that are processed side by side.
  ///   - initialState: Every layer's state before the first step, h `[L, B, P]`; zeros if `nil`.
  /// - Returns: A stream with the parameters and the backend that the layer has now.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for another shape,
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a batch size out of range,
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a layer of both directions,
  ///   and what the layer's own sizes, parameters and backend or the environment give reason for.
  public func stream(
    batchSize: Int = 1, from initialState: State? = nil
  ) throws(RecurrentError) -> RecurrentStream<State> {
    var stream = try RecurrentStream<State>(
      _core, batchSize: batchSize, Execution(resolving: backend, threadCount: 1))
    if let initialState { try stream.reset(to: initialState) }
    return stream
  }

  /// Makes a pool that runs many sequences of this layer one step at a time, each of which comes
  /// and goes by itself.
  ///
  /// - Returns: A pool without sessions, with the parameters, the backend and the threads that the
  ///   layer has now.
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a layer of both
  ///   directions, and what the layer's own sizes, parameters and backend or the environment give
  ///   reason for.
  public func streamPool() throws(RecurrentError) -> RecurrentStreamPool<State> {
    try RecurrentStreamPool(_core, _core.execution)
  }

  /// Makes a stream by an execution that tests and tools name.
  package func stream(
    batchSize: Int, execution: Execution
  ) throws(RecurrentError) -> RecurrentStream<State> {
    try RecurrentStream(_core, batchSize: batchSize, execution)
  }

  /// Makes a pool by an execution that tests and tools name.
  package func streamPool(execution: Execution) throws(RecurrentError) -> RecurrentStreamPool<State> {
    try RecurrentStreamPool(_core, execution)
  }

  /// Runs the layer by an execution that tests and tools name.
  @specialized(where Self == RNN<Float>)
  @specialized(where Self == LSTM<Float>)
  @specialized(where Self == GRU<Float>)
  package func run(
    _ input: Tensor<Scalar>, from initialState: State?, execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: State) {
    let (output, hidden, cellState) = try _core.run(
      input, _core.checkedSequence(input), hidden: initialState?.hidden,
      cellState: initialState?.cellState, execution)
    return (output, State(hidden: hidden, cellState: cellState))
  }
}

extension RecurrentCore {
  /// Runs a layer over a sequence.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  @usableFromInline
  func run(
    _ input: Tensor<Scalar>, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?, resets: Tensor<Scalar>?
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, hidden: Tensor<Scalar>, cellState: Tensor<Scalar>?) {
    try run(
      input, checkedSequence(input, resets: resets), hidden: hidden, cellState: cellState, execution)
  }

  /// Runs a layer over packed sequences.
  @usableFromInline
  func run(
    _ input: PackedSequence<Scalar>, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?
  ) throws(RecurrentError) -> (
    output: PackedSequence<Scalar>, hidden: Tensor<Scalar>, cellState: Tensor<Scalar>?
  ) {
    let result = try run(
      input.data, stack.checkedSequence(input), hidden: hidden, cellState: cellState, execution)
    return (try input.replacing(data: result.output), result.hidden, result.cellState)
  }

  /// Checks the shape of a sequence, and of a mask of resets.
  @inline(__always)
  func checkedSequence(
    _ input: Tensor<Scalar>, resets: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> SequenceShape {
    try stack.checkedSequence(input.shape, batchFirst: batchFirst, resets: resets)
  }

  /// Runs a layer over a sequence whose shape is checked.
  @inline(__always)
  func run(
    _ input: Tensor<Scalar>, _ shape: SequenceShape, hidden: Tensor<Scalar>?, cellState: Tensor<Scalar>?,
    _ execution: Execution
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, hidden: Tensor<Scalar>, cellState: Tensor<Scalar>?) {
    try require(hidden, shape.state, cellState, shape.cellState, "initialState")
    let memory = scalars(ofCellState: cellState, shape.cellState)
    let (output, finalState, lastCellState) = try StackCall(
      stack, shape.schedule, batchFirst: shape.batchFirst, execution
    ).forward(
      input.scalars[...], from: shape.sorted(hidden?.scalars ?? [], shape.state),
      cellState: shape.sorted(memory, shape.cellState))
    return (
      Tensor(unchecked: output, shape: shape.input.replacingLast(with: stack.outputSize)),
      Tensor(unchecked: shape.unsorted(finalState, shape.state), shape: shape.state),
      self.cellState(shape.unsorted(lastCellState, shape.cellState), shape.cellState)
    )
  }

  /// Checks the shapes of a state.
  @inline(__always)
  func require(
    _ hidden: Tensor<Scalar>?, _ hiddenShape: Shape, _ cellState: Tensor<Scalar>?, _ cellShape: Shape,
    _ argument: StaticString
  ) throws(RecurrentError) {
    if let hidden, hidden.shape != hiddenShape {
      let part = stack.kind.stateNames.hidden
      throw .shapeMismatch(
        argument: "\(argument)\(part)", expected: hiddenShape.description, actual: hidden.shape)
    }
    guard let cellState else { return }
    let part = stack.kind.stateNames.cellState
    guard stack.kind.carriesMemory else {
      throw .invalidValue(
        argument: "\(argument)\(part)", expected: "nil for a cell that carries none", actual: "a tensor")
    }
    guard cellState.shape != cellShape else { return }
    throw .shapeMismatch(
      argument: "\(argument)\(part)", expected: cellShape.description, actual: cellState.shape)
  }

  /// The scalars of an h; zeros for a missing one.
  @inline(__always)
  func scalars(ofHidden hidden: Tensor<Scalar>?, _ shape: Shape) -> [Scalar] {
    hidden?.scalars ?? Array(repeating: 0, count: shape.elementCount)
  }

  /// The scalars of a cell state; zeros for a missing one, and empty for cells that carry none.
  @inline(__always)
  func scalars(ofCellState cellState: Tensor<Scalar>?, _ shape: Shape) -> [Scalar] {
    guard stack.kind.carriesMemory else { return [] }
    return cellState?.scalars ?? Array(repeating: 0, count: shape.elementCount)
  }

  /// A cell state from its scalars, which do not matter for cells that carry none.
  @inline(__always)
  func cellState(_ scalars: [Scalar], _ shape: Shape) -> Tensor<Scalar>? {
    stack.kind.carriesMemory ? Tensor(unchecked: scalars, shape: shape) : nil
  }
}
