/// A network whose recurrent weights are random and stay so: only a linear read-out of its states
/// is learnt, by ridge regression, without a gradient.
///
///     h_t = (1 − a) · h_{t−1} + a · tanh(u_t · W_inᵀ + y_{t−1} · W_fbᵀ + h_{t−1} · W_hhᵀ + b)
///     y_t = [h_t, u_t] · W_outᵀ + c
///
/// u is an external input, y the output, which feeds back into the states. Without an external
/// input the network is a model of the series itself: while it learns and follows, the series takes
/// the place of y_{t−1}, and afterwards its own output does, for as many steps as are asked for.
///
///     let series = try ReferenceSeries.mackeyGlass(count: 3000)
///     var generator = SeededGenerator(seed: 1)
///     var network = try EchoStateNetwork<Double>(hiddenSize: 200, using: &generator)
///     let state = try network.fit(series, washout: 200)
///     let (next, _) = try network.generate(84, from: state)     // [84, 1]
///
/// A network is a value, like ``RNN``. It runs on one row as well as on a batch of them, of
/// independent sequences.
///
/// Shapes: T steps, B batch, I input size (0 without an external input), H hidden size, O output
/// size.
///
/// ### Source
/// H. Jaeger, "The 'echo state' approach to analysing and training recurrent neural networks", GMD
/// report 148 (2001); H. Jaeger and H. Haas, "Harnessing nonlinearity", Science 304 (2004); the
/// leak as in H. Jaeger, M. Lukoševičius, D. Popovici and U. Siewert, "Optimization and
/// applications of echo state networks with leaky-integrator neurons", Neural Networks 20 (2007).
public struct EchoStateNetwork<Scalar: TensorScalar>: Sendable {
  /// I, the features of the external input; 0 without one.
  public let inputSize: Int
  /// O, the features of the output.
  public let outputSize: Int
  /// a, the share of a state that each step renews, more than 0 and at most 1.
  public let leakRate: Scalar
  /// Whether the output feeds back into the states.
  public let hasFeedback: Bool

  /// What ``fit(_:input:from:washout:regularization:)`` has learnt; `nil` before.
  ///
  /// Tensors of another shape may be assigned; the next use then throws.
  public var readout: Readout?

  /// Who multiplies the matrices and factorizes them.
  public var backend: Backend = .automatic

  /// The threads that a call may use, 1 to 1024; `nil` for `RECURRENT_THREADS` or the available
  /// processors.
  public var threadCount: Int?

  /// W_ih [H, I + O] = [W_in, W_fb], W_hh and b.
  let stack: RecurrentStack<Scalar>
  /// W_hh by its entries, where so few are not zero that this is faster.
  let sparse: SparseMatrix<Scalar>?

  /// Where a network stands between two steps.
  public struct State: Sendable, Equatable {
    /// h, `[B, H]` or `[H]`.
    public var hidden: Tensor<Scalar>
    /// y, the last output or what took its place, `[B, O]` or `[O]`.
    public var output: Tensor<Scalar>

    /// Creates a state.
    ///
    /// - Parameters:
    ///   - hidden: h, `[B, H]` or `[H]`.
    ///   - output: The last output or what took its place, `[B, O]` or `[O]`.
    public init(hidden: Tensor<Scalar>, output: Tensor<Scalar>) {
      self.hidden = hidden
      self.output = output
    }
  }

  /// Creates a network with random weights and without a read-out.
  ///
  /// W_in and W_fb are uniform in ±`inputScale` and ±`feedbackScale`, b in ±`biasScale`. Each unit
  /// takes the states of the same number of units, k = `connectivity` · H rounded, at least 1;
  /// their weights are uniform, and scaled to the spectral radius. The draws come in this order:
  /// W_in, W_fb, b, W_hh. LAPACK and this package find eigenvalues that differ in the last bits,
  /// and so do weights that are scaled by them.
  ///
  /// - Parameters:
  ///   - inputSize: I, the features of the external input; 0 for none.
  ///   - hiddenSize: H, the units; at least 1.
  ///   - outputSize: O, the features of the output; at least 1.
  ///   - spectralRadius: The greatest magnitude of W_hh's eigenvalues; below 1, states forget where
  ///     they began.
  ///   - connectivity: The share of W_hh that is not zero, more than 0 and at most 1.
  ///   - leakRate: a, more than 0 and at most 1.
  ///   - inputScale: The greatest magnitude in W_in.
  ///   - feedbackScale: The greatest magnitude in W_fb; 0 for a network without feedback.
  ///   - biasScale: The greatest magnitude in b.
  ///   - backend: Who multiplies the matrices and factorizes them.
  ///   - generator: The source of randomness; a ``SeededGenerator`` makes the network reproducible.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for sizes and numbers out of
  ///   range, for a network that neither takes an input nor feeds back,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for the
  ///   weights, and what ``Tensor/scaled(toSpectralRadius:backend:)`` throws.
  /// - Complexity: About 10·H³ operations, for the eigenvalues.
  public init<Generator: RandomNumberGenerator>(
    inputSize: Int = 0, hiddenSize: Int, outputSize: Int = 1, spectralRadius: Scalar = 0.9,
    connectivity: Double = 1, leakRate: Scalar = 1, inputScale: Scalar = 1, feedbackScale: Scalar = 1,
    biasScale: Scalar = 0.2, backend: Backend = .automatic, using generator: inout Generator
  ) throws(RecurrentError) {
    try Self.check(
      sizes: [("inputSize", inputSize, 0), ("hiddenSize", hiddenSize, 1), ("outputSize", outputSize, 1)],
      shares: [("connectivity", connectivity), ("leakRate", Double(leakRate))],
      scales: [("inputScale", inputScale), ("feedbackScale", feedbackScale), ("biasScale", biasScale)])
    guard inputSize > 0 || feedbackScale > 0 else {
      throw .invalidValue(
        argument: "inputSize", expected: "an input or feedback", actual: "inputSize 0 and feedbackScale 0")
    }
    // The weights as they are drawn, scaled and kept, and for the eigenvalues in Double twice.
    let size = MemoryLayout<Scalar>.size
    try Memory.require(
      [hiddenSize, hiddenSize], size: 3 * size + 2 * MemoryLayout<Double>.size, for: "hiddenSize")
    try Memory.require([hiddenSize, inputSize + outputSize], size: 3 * size, for: "inputSize and outputSize")
    self.inputSize = inputSize
    self.outputSize = outputSize
    self.leakRate = leakRate
    self.backend = backend
    hasFeedback = feedbackScale > 0
    var stack = RecurrentStack<Scalar>(
      .plain(.tanh), inputSize: inputSize + (hasFeedback ? outputSize : 0), hiddenSize: hiddenSize,
      layerCount: 1, bias: false)
    try stack.validateSizes()
    let weightIn = Tensor<Scalar>.uniform(
      [hiddenSize, inputSize], in: -inputScale...inputScale, using: &generator)
    let weightFeedback = Tensor<Scalar>.uniform(
      [hiddenSize, hasFeedback ? outputSize : 0], in: -feedbackScale...feedbackScale, using: &generator)
    let bias = Tensor<Scalar>.uniform([hiddenSize], in: -biasScale...biasScale, using: &generator)
    let recurrent = Self.sparseWeights(hiddenSize, connectivity: connectivity, using: &generator)
    let weightHH = try recurrent.scaled(toSpectralRadius: spectralRadius, backend: backend)
    let joined = joinRows(
      weightIn.scalars, inputSize, weightFeedback.scalars, stack.inputSize - inputSize, rows: hiddenSize)
    stack.parameters = [
      CellParameters(
        weightIH: Tensor(unchecked: joined, shape: [hiddenSize, stack.inputSize]), weightHH: weightHH,
        biasIH: bias)
    ]
    self.stack = stack
    sparse =
      connectivity <= Self.greatestSparseConnectivity
      ? SparseMatrix(weightHH.scalars, columns: hiddenSize) : nil
  }

  /// Up to this share of entries, taking them one by one is faster than the whole matrix in
  /// vectors.
  static var greatestSparseConnectivity: Double { 0.05 }

  /// H, the units.
  public var hiddenSize: Int { stack.hiddenSize }

  /// The random weights under PyTorch's names: `weightIH` `[H, I + O]` is W_in beside W_fb,
  /// `biasIH` is b.
  public var parameters: CellParameters<Scalar> { stack.parameters[0] }

  /// A square matrix in which every row has the same number of weights, uniform in ±1, in random
  /// places.
  private static func sparseWeights<Generator: RandomNumberGenerator>(
    _ size: Int, connectivity: Double, using generator: inout Generator
  ) -> Tensor<Scalar> {
    let count = max(1, Int((connectivity * Double(size)).rounded()))
    let values = Tensor<Scalar>.uniform([size, count], in: -1...1, using: &generator).scalars
    guard count < size else { return Tensor(unchecked: values, shape: [size, size]) }
    var matrix = [Scalar](repeating: 0, count: size * size)
    var places = Array(0..<size)
    for row in 0..<size {
      for index in 0..<count {
        places.swapAt(index, Int.random(in: index..<size, using: &generator))
        matrix[row * size + places[index]] = values[row * count + index]
      }
    }
    return Tensor(unchecked: matrix, shape: [size, size])
  }

  private static func check(
    sizes: [(String, Int, Int)], shares: [(String, Double)], scales: [(String, Scalar)]
  ) throws(RecurrentError) {
    for (argument, size, least) in sizes where !(least...Int(Int32.max)).contains(size) {
      throw .invalidSize(argument: argument, expected: "\(least) to \(Int32.max)", actual: size)
    }
    for (argument, share) in shares where !(share > 0 && share <= 1) {
      throw .invalidValue(argument: argument, expected: "more than 0 and at most 1", actual: "\(share)")
    }
    for (argument, scale) in scales where !(scale >= 0 && scale.isFinite) {
      throw .invalidValue(
        argument: argument, expected: "a finite number that is not negative", actual: "\(scale)")
    }
  }
}

extension EchoStateNetwork: CustomStringConvertible {
  /// Sizes, and what is not the default.
  public var description: String {
    var parts = ["\(inputSize)", "\(hiddenSize)", "\(outputSize)"]
    if leakRate != 1 { parts.append("leak_rate=\(leakRate)") }
    if !hasFeedback { parts.append("feedback=False") }
    return "EchoStateNetwork(\(parts.joined(separator: ", ")))"
  }
}

/// Each row of one matrix followed by that of another.
func joinRows<Scalar>(_ a: [Scalar], _ aColumns: Int, _ b: [Scalar], _ bColumns: Int, rows: Int) -> [Scalar] {
  guard aColumns > 0 else { return b }
  guard bColumns > 0 else { return a }
  var joined: [Scalar] = []
  joined.reserveCapacity(a.count + b.count)
  for row in 0..<rows {
    joined += a[(row * aColumns)..<((row + 1) * aColumns)]
    joined += b[(row * bColumns)..<((row + 1) * bColumns)]
  }
  return joined
}
