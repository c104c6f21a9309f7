/// What flows from time step to time step in a recurrent layer or cell: h, and beside it the cell
/// state of some.
///
/// It is a ``Tensor`` for ``RNN`` and ``GRU``, an ``LSTMState`` for ``LSTM``, and a ``CustomState``
/// for ``CustomRNN``. Code that is generic over layers reads h and the cell state of any of them:
///
///     func lastHidden<Layer: RecurrentLayer>(_ layer: Layer, _ x: Tensor<Layer.Scalar>) throws -> Tensor<Layer.Scalar> {
///       try layer(x).finalState.hidden
///     }
///
/// Shapes: h `[L·D, B, P]` of a layer, `[B, H]` of a cell; the cell state `[L·D, B, H]` or
/// `[B, H]`; both without B where unbatched.
public protocol RecurrentState<Scalar>: Sendable, Equatable {
  /// The number type.
  associatedtype Scalar: TensorScalar

  /// h, which is also the output of the step.
  var hidden: Tensor<Scalar> { get }

  /// What the cells carry beside h, such as an LSTM's c; `nil` where they carry nothing.
  var cellState: Tensor<Scalar>? { get }

  /// Names both.
  ///
  /// - Parameters:
  ///   - hidden: h.
  ///   - cellState: What the cells carry beside. An ``LSTMState`` has zeros for `nil`, and a
  ///     ``Tensor`` has no place for it.
  init(hidden: Tensor<Scalar>, cellState: Tensor<Scalar>?)

  /// Puts the state after one step of a cell in the place of this one, in the state's own memory.
  mutating func _step(_ cell: RecurrentCore<Scalar>, _ input: Tensor<Scalar>) throws(RecurrentError)
}

extension Tensor: RecurrentState {
  /// The tensor itself: a state that is h alone.
  @inlinable
  public var hidden: Tensor { self }

  /// `nil`: there is nothing beside h.
  @inlinable
  public var cellState: Tensor? { nil }

  /// Takes h as the whole state.
  ///
  /// - Parameters:
  ///   - hidden: h.
  ///   - cellState: Has no place here, and is dropped.
  @inlinable
  public init(hidden: Tensor, cellState: Tensor?) { self = hidden }

  @inlinable
  public mutating func _step(
    _ cell: RecurrentCore<Scalar>, _ input: Tensor<Scalar>
  ) throws(RecurrentError) {
    try cell.step(input, hidden: &self)
  }
}

/// The two states that flow from step to step in an ``LSTM``.
public struct LSTMState<Scalar: TensorScalar>: RecurrentState {
  /// h, the output: `[L·D, B, P]` of a layer, `[B, H]` of a cell, without B where unbatched.
  public var hidden: Tensor<Scalar>
  /// c, the cell state: `[L·D, B, H]` or `[B, H]`.
  public var cell: Tensor<Scalar>

  /// Names both.
  ///
  /// - Parameters:
  ///   - hidden: h.
  ///   - cell: c.
  @inlinable
  public init(hidden: Tensor<Scalar>, cell: Tensor<Scalar>) {
    self.hidden = hidden
    self.cell = cell
  }

  /// c.
  @inlinable
  public var cellState: Tensor<Scalar>? { cell }

  /// Names both.
  ///
  /// - Parameters:
  ///   - hidden: h.
  ///   - cellState: c; zeros in the shape of h if `nil`.
  @inlinable
  public init(hidden: Tensor<Scalar>, cellState: Tensor<Scalar>?) {
    self.init(hidden: hidden, cell: cellState ?? .zeros(hidden.shape))
  }

  @inlinable
  public mutating func _step(
    _ core: RecurrentCore<Scalar>, _ input: Tensor<Scalar>
  ) throws(RecurrentError) {
    try core.step(input, hidden: &hidden, cellState: &cell)
  }
}

/// What flows from step to step in a ``CustomRNN``.
public struct CustomState<Scalar: TensorScalar>: RecurrentState {
  /// h, the output: `[L·D, B, H]`, without B where unbatched.
  public var hidden: Tensor<Scalar>
  /// What the cell carries beside, in the same shape. In a state that is given, `nil` is zeros; in
  /// one that is returned, it is `nil` for cells that carry none.
  public var memory: Tensor<Scalar>?

  /// Names both.
  ///
  /// - Parameters:
  ///   - hidden: h.
  ///   - memory: What the cell carries beside.
  @inlinable
  public init(hidden: Tensor<Scalar>, memory: Tensor<Scalar>? = nil) {
    self.hidden = hidden
    self.memory = memory
  }

  /// What the cell carries beside.
  @inlinable
  public var cellState: Tensor<Scalar>? { memory }

  /// Names both.
  ///
  /// - Parameters:
  ///   - hidden: h.
  ///   - cellState: What the cell carries beside.
  @inlinable
  public init(hidden: Tensor<Scalar>, cellState: Tensor<Scalar>?) {
    self.init(hidden: hidden, memory: cellState)
  }

  @inlinable
  public mutating func _step(
    _ cell: RecurrentCore<Scalar>, _ input: Tensor<Scalar>
  ) throws(RecurrentError) {
    let next = try cell.stepped(input, hidden: hidden, cellState: memory)
    (hidden, memory) = (next.hidden, next.cellState)
  }
}
