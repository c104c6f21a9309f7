/// Sequences of unequal lengths, and sequences that begin anew.
extension RNN {
  /// Runs the layer over sequences of unequal lengths.
  ///
  ///     let (output, finalState) = try rnn(PackedSequence([a, b, c]))
  ///
  /// On the Swift backend every sequence has the bits that it has alone. Only the steps that there are cost time.
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence, `[L·D, B, H]`, B in the order in
  ///     which the sequences were given; zeros if `nil`.
  /// - Returns: `output`, sequences of D·H features, and `finalState`, every cell's state after each sequence's own last step.
  /// - Throws: ``RecurrentError/shapeMismatch(argument:expected:actual:)`` for other features or another state, and what the
  ///   layer's own sizes, parameters and backend or the environment give reason for.
  /// - Complexity: As for a batch of equal lengths, with N, the steps of all sequences, in the place of T·B.
  public func callAsFunction(
    _ input: PackedSequence<Scalar>, _ initialState: Tensor<Scalar>? = nil
  ) throws(RecurrentError) -> (output: PackedSequence<Scalar>, finalState: Tensor<Scalar>) {
    let result = try run(
      stack.checkedSequence(input), input.data, from: initialState,
      execution: Execution(resolving: backend, threadCount: threadCount))
    return (try input.replacing(data: result.output), result.finalState)
  }

  /// Runs the layer over sequences of which some begin anew on the way: episodes, or documents one after the other.
  ///
  /// Where the mask is 1, nothing flows from the step before: the row's state starts from zeros, in both directions of time.
  /// At a first step the initial state is dropped.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`.
  ///   - initialState: Every cell's state before the first step; zeros if `nil`.
  ///   - resets: 1 where a row begins anew and 0 elsewhere: `[T, B]`, `[B, T]` or `[T]`.
  /// - Returns: Output and final state.
  /// - Throws: What the call without a mask throws, the same for the shape of the mask, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a number in it that is neither 0 nor 1.
  /// - Complexity: That of the call without a mask.
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ initialState: Tensor<Scalar>? = nil, resets: Tensor<Scalar>
  ) throws(RecurrentError) -> (output: Tensor<Scalar>, finalState: Tensor<Scalar>) {
    try run(
      stack.checkedSequence(input.shape, batchFirst: batchFirst, resets: resets), input, from: initialState,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer over sequences of unequal lengths, and returns with the results a function that carries gradients back.
  ///
  ///     let (output, finalState, pullback) = try rnn.valueWithPullback(at: packed)
  ///     let gradients = try pullback(outputGradient.data)      // .input: the gradient of packed.data
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence; zeros if `nil`.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  /// - Returns: The results of the call, and the pullback: it takes and gives gradients of packed rows, `[N, D·H]` and `[N, I]`.
  /// - Throws: What the call throws, and what the method for tensors throws for the interval.
  public func valueWithPullback(
    at input: PackedSequence<Scalar>, from initialState: Tensor<Scalar>? = nil, checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: PackedSequence<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
  ) {
    let (output, finalState, pullback) = try valueWithPullback(
      at: input.data, stack.checkedSequence(input), from: initialState, noise: nil,
      checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
    return (try input.replacing(data: output), finalState, pullback)
  }

  /// Runs the layer over sequences of unequal lengths with ``dropout`` between its layers.
  ///
  /// - Parameters:
  ///   - input: Sequences of I features.
  ///   - initialState: Every cell's state before the first step of each sequence; zeros if `nil`.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: The results, and the pullback.
  /// - Throws: What the method without a generator throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  public func valueWithPullback<Generator: RandomNumberGenerator>(
    at input: PackedSequence<Scalar>, from initialState: Tensor<Scalar>? = nil,
    checkpointInterval: Int? = nil,
    using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: PackedSequence<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
  ) {
    let (output, finalState, pullback) = try valueWithPullback(
      at: input.data, stack.checkedSequence(input), from: initialState,
      noise: stack.noise(using: &generator), checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
    return (try input.replacing(data: output), finalState, pullback)
  }

  /// Runs the layer over sequences of which some begin anew on the way, and returns with the results a function that carries
  /// gradients back; none flows over a reset.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`.
  ///   - initialState: Every cell's state before the first step; zeros if `nil`.
  ///   - resets: 1 where a row begins anew and 0 elsewhere: `[T, B]`, `[B, T]` or `[T]`.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  /// - Returns: The results of the call, and the pullback.
  /// - Throws: What the call throws, and what the method without a mask throws for the interval.
  public func valueWithPullback(
    at input: Tensor<Scalar>, from initialState: Tensor<Scalar>? = nil, resets: Tensor<Scalar>,
    checkpointInterval: Int? = nil
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, stack.checkedSequence(input.shape, batchFirst: batchFirst, resets: resets),
      from: initialState, noise: nil, checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }

  /// Runs the layer over sequences of which some begin anew on the way, with ``dropout`` between its layers.
  ///
  /// - Parameters:
  ///   - input: `[T, B, I]`, `[B, T, I]` with ``batchFirst``, or unbatched `[T, I]`.
  ///   - initialState: Every cell's state before the first step; zeros if `nil`.
  ///   - resets: 1 where a row begins anew and 0 elsewhere: `[T, B]`, `[B, T]` or `[T]`.
  ///   - checkpointInterval: The steps between states that are kept; `nil` keeps everything.
  ///   - generator: The source of randomness, of which one number is taken.
  /// - Returns: The results, and the pullback.
  /// - Throws: What the method without a generator throws, and
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  public func valueWithPullback<Generator: RandomNumberGenerator>(
    at input: Tensor<Scalar>, from initialState: Tensor<Scalar>? = nil, resets: Tensor<Scalar>,
    checkpointInterval: Int? = nil, using generator: inout Generator
  ) throws(RecurrentError) -> (
    output: Tensor<Scalar>, finalState: Tensor<Scalar>, pullback: RNNPullback<Scalar>
  ) {
    try valueWithPullback(
      at: input, stack.checkedSequence(input.shape, batchFirst: batchFirst, resets: resets),
      from: initialState, noise: stack.noise(using: &generator), checkpointInterval: checkpointInterval,
      execution: Execution(resolving: backend, threadCount: threadCount))
  }
}
