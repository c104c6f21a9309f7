/// A cell of your own: the formula that follows the products of a step.
///
/// A ``CustomRNN`` multiplies, stacks, goes through time and threads; the cell says what becomes of
/// the sums. For each row of the batch and each step these are, for G gates,
///
///     a_g = W_ih,g·x + b_ih,g          b_g = W_hh,g·h + b_hh,g          g = 0, …, G − 1
///
/// and the formula makes h′ of them, of h, and of what the cell carries from step to step. The
/// minimal gated unit has two:
///
///     struct MinimalGatedUnit: CustomCell {
///       var gateCount: Int { 2 }
///
///       func forward(_ row: CustomCellRow<Float>) {
///         let (f, n) = (row.gate(0), row.gate(1))
///         for u in 0..<row.hiddenSize { f[u] += row.recurrentSum(0)[u] }
///         row.functions.sigmoid(f)
///         for u in 0..<row.hiddenSize { n[u] += f[u] * row.recurrentSum(1)[u] }
///         row.functions.tanh(n)
///         for u in 0..<row.hiddenSize { row.output[u] = (1 - f[u]) * row.state[u] + f[u] * n[u] }
///       }
///     }
///
///     let layer = CustomRNN(MinimalGatedUnit(), inputSize: 3, hiddenSize: 8, layerCount: 2)
///     let (output, finalState) = try layer(x)
///
/// A cell whose derivative is written too conforms to ``DifferentiableCustomCell``, and its layers
/// can be trained.
///
/// A formula is called by several threads at once, for different rows. It must not keep pointers
/// beyond the call.
///
/// Source of the example: G.-B. Zhou et al., "Minimal gated unit for recurrent neural networks",
/// IJAC 13 (2016), reset after the product as in ``GRU``.
public protocol CustomCell<Scalar>: Sendable {
  /// The number type.
  associatedtype Scalar: TensorScalar

  /// G: the sums that each unit takes; at least 1.
  var gateCount: Int { get }

  /// Whether a second state of H features, as c in an ``LSTM``, flows from step to step.
  var carriesMemory: Bool { get }

  /// K numbers: the values that the parameters of a unit have before training, beside its weights
  /// and biases.
  ///
  /// A layer has `weight_unit`, `[K, H]`, of which each row begins with one of them: zeros for a
  /// peephole, ones for a gain.
  var unitParameters: [Scalar] { get }

  /// The vectors of H that the formula keeps in a step for the derivative, beside its gates, its
  /// memory and its output.
  var keptVectorCount: Int { get }

  /// Computes one row of one step.
  ///
  /// - Parameter row: What it reads and writes: ``CustomCellRow/output`` always,
  ///   ``CustomCellRow/memory`` where the cell carries one.
  func forward(_ row: CustomCellRow<Scalar>)
}

extension CustomCell {
  /// No.
  public var carriesMemory: Bool { false }
  /// None.
  public var unitParameters: [Scalar] { [] }
  /// None.
  public var keptVectorCount: Int { 0 }
}

/// A custom cell with a derivative.
public protocol DifferentiableCustomCell<Scalar>: CustomCell {
  /// Carries the gradients of one row of one step back.
  ///
  /// - Parameter row: What `forward` has read and written, and gradients. The formula writes
  ///   ``CustomCellRowGradient/gateGradient(_:)`` and
  ///   ``CustomCellRowGradient/recurrentSumGradient(_:)`` of every gate,
  ///   ``CustomCellRowGradient/unitParameterGradient(_:)`` of every parameter, and
  ///   ``CustomCellRowGradient/memoryGradient`` where the cell carries a memory; to
  ///   ``CustomCellRowGradient/stateGradient`` it adds what does not pass through the sums.
  func backward(_ row: CustomCellRowGradient<Scalar>)
}
