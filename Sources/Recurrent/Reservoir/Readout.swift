extension EchoStateNetwork {
  /// What a network learns: y = h · Wᵀ + u · Vᵀ + c.
  public struct Readout: Sendable, Equatable {
    /// W and V beside each other, `[O, H + I]`.
    public var weight: Tensor<Scalar>
    /// c, `[O]`.
    public var bias: Tensor<Scalar>

    /// Creates a read-out.
    ///
    /// - Parameters:
    ///   - weight: The weights of the state and the external input, `[O, H + I]`.
    ///   - bias: The intercepts, `[O]`.
    public init(weight: Tensor<Scalar>, bias: Tensor<Scalar>) {
      self.weight = weight
      self.bias = bias
    }
  }
}

/// Read-out over rows in memory.
struct PreparedReadout<Scalar: TensorScalar>: Sendable {
  let weight: [Scalar]
  let bias: [Scalar]
  let hiddenSize: Int
  let inputSize: Int

  /// y [rows, O] from h [rows, H] and u, whose I features stand in rows of `inputStride`.
  ///
  /// Each element is two sums, over h and u, of eight partial sums each.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply(
    to state: UnsafePointer<Scalar>, _ input: UnsafePointer<Scalar>, inputStride: Int,
    rows: Int, into output: UnsafeMutablePointer<Scalar>
  ) {
    weight.withUnsafeBufferPointer { weight in
      guard let weight = weight.baseAddress else { return }
      for row in 0..<rows {
        for target in bias.indices {
          let weights = weight + target * (hiddenSize + inputSize)
          output[row * bias.count + target] =
            bias[target] + dot(weights, state + row * hiddenSize, count: hiddenSize)
            + dot(weights + hiddenSize, input + row * inputStride, count: inputSize)
        }
      }
    }
  }
}

/// Σ leftᵢ·rightᵢ in eight partial sums.
@inline(__always)
private func dot<Scalar: TensorScalar>(
  _ left: UnsafePointer<Scalar>, _ right: UnsafePointer<Scalar>, count: Int
) -> Scalar {
  var sums = SIMD8<Scalar>.zero
  var index = 0
  while index + 8 <= count {
    for lane in 0..<8 { sums[lane] += left[index + lane] * right[index + lane] }
    index += 8
  }
  var total = (0..<8).reduce(Scalar.zero) { $0 + sums[$1] }
  while index < count {
    total += left[index] * right[index]
    index += 1
  }
  return total
}
