/// The cell of a layer-normalized long short-term memory.
///
///     (a_i, a_f, a_g, a_o) = LN₁(W_ih·x + b_ih) + LN₂(W_hh·h + b_hh)
///     c' = σ(a_f) ⊙ c + σ(a_i) ⊙ tanh(a_g)          h' = σ(a_o) ⊙ tanh(LN₃(c'))
///     LN(v) = α ⊙ (v − mean v) / √(var v + ε) + β
///
/// LN₁ and LN₂ go over the sums of all four gates, LN₃ over the units; each has its own gain α, 1
/// before training, and its own β, 0 before training. As β takes the place of biases, layers are
/// usually made without:
///
///     let layer = CustomRNN(LayerNormalizedLSTM<Float>(), inputSize: 100, hiddenSize: 20, bias: false)
///
/// `weight_unit`, `[18, H]`, has α₁ and β₁ of the gates i, f, g, o, then α₂ and β₂, then α₃ and β₃.
///
/// ### Source
/// J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450, equations 20 to
/// 22.
public struct LayerNormalizedLSTM<Scalar: TensorScalar>: DifferentiableCustomCell {
  /// ε, which is added to variances.
  public let epsilon: Scalar

  /// Creates a cell.
  ///
  /// - Parameter epsilon: What is added to variances; that of PyTorch's `nn.LayerNorm` by default.
  public init(epsilon: Scalar = 1e-5) { self.epsilon = epsilon }

  /// The gates i, f, g, o.
  public var gateCount: Int { 4 }
  /// c.
  public var carriesMemory: Bool { true }
  /// Gains of 1, shifts of 0.
  public var unitParameters: [Scalar] {
    let four = { (value: Scalar) in [Scalar](repeating: value, count: 4) }
    return four(1) + four(0) + four(1) + four(0) + [1, 0]
  }
  /// The sums of the gates before they are normalized.
  public var keptVectorCount: Int { 8 }

  /// Computes a row.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ row: CustomCellRow<Scalar>) {
    for gate in 0..<4 {
      _ = row.kept(gate).update(fromContentsOf: row.gate(gate))
      _ = row.kept(4 + gate).update(fromContentsOf: row.recurrentSum(gate))
    }
    let ofInput = Moments((0..<4).map { UnsafeBufferPointer(row.kept($0)) }, epsilon)
    let ofState = Moments((4..<8).map { UnsafeBufferPointer(row.kept($0)) }, epsilon)
    for gate in 0..<4 {
      let (sums, a, b) = (row.gate(gate), row.kept(gate), row.kept(4 + gate))
      let (gainA, shiftA) = (row.unitParameter(gate), row.unitParameter(4 + gate))
      let (gainB, shiftB) = (row.unitParameter(8 + gate), row.unitParameter(12 + gate))
      for u in 0..<row.hiddenSize {
        sums[u] =
          gainA[u] * ofInput.normalized(a[u]) + shiftA[u] + gainB[u] * ofState.normalized(b[u]) + shiftB[u]
      }
      gate == 2 ? row.functions.tanh(sums) : row.functions.sigmoid(sums)
    }
    let (i, f, g, o) = (row.gate(0), row.gate(1), row.gate(2), row.gate(3))
    for u in 0..<row.hiddenSize { row.memory[u] = f[u] * row.memoryBefore[u] + i[u] * g[u] }
    squash(
      UnsafeBufferPointer(row.memory), row.unitParameter(16), row.unitParameter(17), row.functions,
      into: row.output)
    for u in 0..<row.hiddenSize { row.output[u] *= o[u] }
  }

  /// tanh(LN₃(c')).
  private func squash(
    _ memory: UnsafeBufferPointer<Scalar>, _ gain: UnsafeBufferPointer<Scalar>,
    _ shift: UnsafeBufferPointer<Scalar>, _ functions: CellFunctions<Scalar>,
    into target: UnsafeMutableBufferPointer<Scalar>
  ) {
    let moments = Moments([memory], epsilon)
    for u in 0..<memory.count { target[u] = gain[u] * moments.normalized(memory[u]) + shift[u] }
    functions.tanh(target)
  }

  // With y = α ⊙ v̂ + β over n elements, v̂ = (v − mean) · r and r = 1/√(var + ε):
  //
  //     ∂α = ∂y ⊙ v̂     ∂β = ∂y     ∂v̂ = ∂y ⊙ α     ∂v = r · (∂v̂ − mean ∂v̂ − v̂ · mean(∂v̂ ⊙ v̂))

  /// Carries the gradients of a row back.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ row: CustomCellRowGradient<Scalar>) {
    let (i, f, g, o) = (row.gate(0), row.gate(1), row.gate(2), row.gate(3))
    let (di, df, dg, dO) = (
      row.gateGradient(0), row.gateGradient(1), row.gateGradient(2), row.gateGradient(3)
    )
    // Room for what the output has squashed, and then for ∂c'.
    let squashed = row.recurrentSumGradient(0)
    squash(row.memory, row.unitParameter(16), row.unitParameter(17), row.functions, into: squashed)
    for u in 0..<row.hiddenSize {
      dO[u] = row.outputGradient[u] * squashed[u] * o[u] * (1 - o[u])
      squashed[u] = row.outputGradient[u] * o[u] * (1 - squashed[u] * squashed[u])
    }
    let memoryGradient = squashed
    Moments([row.memory], epsilon).carryBack(
      [row.memory], [UnsafeBufferPointer(squashed)], gains: [row.unitParameter(16)], into: [memoryGradient],
      gainGradients: [row.unitParameterGradient(16)], shiftGradients: [row.unitParameterGradient(17)])
    for u in 0..<row.hiddenSize {
      let ofMemory = row.memoryGradient[u] + memoryGradient[u]
      di[u] = ofMemory * g[u] * i[u] * (1 - i[u])
      df[u] = ofMemory * row.memoryBefore[u] * f[u] * (1 - f[u])
      dg[u] = ofMemory * i[u] * (1 - g[u] * g[u])
      row.memoryGradient[u] = ofMemory * f[u]
    }
    let sums = (0..<4).map { UnsafeBufferPointer(row.gateGradient($0)) }
    func carryBack(
      _ first: Int, parameters: Int, into targets: (Int) -> UnsafeMutableBufferPointer<Scalar>
    ) {
      let values = (first..<(first + 4)).map(row.kept)
      Moments(values, epsilon).carryBack(
        values, sums, gains: (parameters..<(parameters + 4)).map(row.unitParameter),
        into: (0..<4).map(targets),
        gainGradients: (parameters..<(parameters + 4)).map(row.unitParameterGradient),
        shiftGradients: ((parameters + 4)..<(parameters + 8)).map(row.unitParameterGradient))
    }
    // The sums of the state first: those of the input take the place of the gradients from which
    // both come.
    carryBack(4, parameters: 8, into: row.recurrentSumGradient)
    carryBack(0, parameters: 0, into: row.gateGradient)
  }
}

/// Mean and deviation of the elements of some vectors together.
private struct Moments<Scalar: TensorScalar> {
  let mean: Scalar
  /// r = 1/√(var + ε).
  let inverseDeviation: Scalar

  init(_ vectors: [UnsafeBufferPointer<Scalar>], _ epsilon: Scalar) {
    let count = Scalar(vectors.reduce(0) { $0 + $1.count })
    var sum: Scalar = 0
    for vector in vectors { for value in vector { sum += value } }
    let mean = sum / count
    var squares: Scalar = 0
    for vector in vectors { for value in vector { squares += (value - mean) * (value - mean) } }
    self.mean = mean
    inverseDeviation = 1 / (squares / count + epsilon).squareRoot()
  }

  func normalized(_ value: Scalar) -> Scalar { (value - mean) * inverseDeviation }

  /// Carries the gradients of normalized, scaled and shifted vectors back; a target may be the
  /// gradient that it comes from.
  func carryBack(
    _ values: [UnsafeBufferPointer<Scalar>], _ gradients: [UnsafeBufferPointer<Scalar>],
    gains: [UnsafeBufferPointer<Scalar>], into targets: [UnsafeMutableBufferPointer<Scalar>],
    gainGradients: [UnsafeMutableBufferPointer<Scalar>],
    shiftGradients: [UnsafeMutableBufferPointer<Scalar>]
  ) {
    let count = Scalar(values.reduce(0) { $0 + $1.count })
    var (sum, product): (Scalar, Scalar) = (0, 0)
    for index in values.indices {
      let (value, gradient, gain) = (values[index], gradients[index], gains[index])
      for u in value.indices {
        let normalized = normalized(value[u])
        gainGradients[index][u] = gradient[u] * normalized
        shiftGradients[index][u] = gradient[u]
        sum += gradient[u] * gain[u]
        product += gradient[u] * gain[u] * normalized
      }
    }
    for index in values.indices {
      let (value, gradient, gain, target) = (values[index], gradients[index], gains[index], targets[index])
      for u in value.indices {
        target[u] =
          inverseDeviation * (gradient[u] * gain[u] - sum / count - normalized(value[u]) * (product / count))
      }
    }
  }
}
