import VectorKernels

/// The gated recurrent unit, reset after the product.
///
///     r = σ(a_r + b_r)   z = σ(a_z + b_z)   n = tanh(a_n + r ⊙ b_n)
///     h' = (1 − z) ⊙ n + z ⊙ h = n + z ⊙ (h − n)
///
/// a is the input projection and b the hidden projection, each with its own bias. Gates stand in
/// PyTorch's order r, z, n. The cell state is b_n of this step, which the backward pass needs; nothing
/// flows from one step's to the next.
///
/// Source: K. Cho et al., "Learning phrase representations using RNN encoder–decoder for
/// statistical machine translation", EMNLP 2014, in the variant of cuDNN and PyTorch.
public enum GRUFormula: CellFormula {
  @inlinable @inline(__always)
  public static var name: StaticString { "GRU" }

  @inlinable @inline(__always)
  public static var gateCount: Int { 3 }

  @inlinable @inline(__always)
  public static var carriesCellState: Bool { false }

  @inlinable @inline(__always)
  public static var separatesHiddenProjection: Bool { true }

  @inlinable @inline(__always)
  public static func forward<L: Lanes>(_ unit: inout CellUnit<L>) {
    let r = L.sigmoid(L.add(unit.gates[0], unit.hiddenProjection[0]))
    let z = L.sigmoid(L.add(unit.gates[1], unit.hiddenProjection[1]))
    let n = L.hyperbolicTangent(L.multiplyAdd(r, unit.hiddenProjection[2], unit.gates[2]))
    (unit.gates[0], unit.gates[1], unit.gates[2]) = (r, z, n)
    unit.cellState = unit.hiddenProjection[2]
    unit.output = L.multiplyAdd(z, L.subtract(unit.state, n), n)
  }

  // ∂n = ∂h' ⊙ (1 − z)     ∂z = ∂h' ⊙ (h − n)     ∂h += ∂h' ⊙ z     ∂r = ∂a_n ⊙ b_n     ∂b_n = ∂a_n
  // ⊙ r
  @inlinable @inline(__always)
  public static func backward<L: Lanes>(_ unit: inout CellUnitGradient<L>) {
    let (r, z, n) = (unit.gates[0], unit.gates[1], unit.gates[2])
    let ofN = L.multiply(
      L.multiply(unit.outputGradient, L.subtract(L.broadcast(1), z)), L.oneMinusSquare(n))
    let ofZ = L.multiply(
      L.multiply(unit.outputGradient, L.subtract(unit.state, n)), L.timesOneMinus(z))
    let ofR = L.multiply(L.multiply(ofN, unit.cellState), L.timesOneMinus(r))
    (unit.preActivationGradients[0], unit.preActivationGradients[1], unit.preActivationGradients[2]) = (
      ofR, ofZ, ofN
    )
    unit.hiddenProjectionGradients[0] = ofR
    unit.hiddenProjectionGradients[1] = ofZ
    unit.hiddenProjectionGradients[2] = L.multiply(ofN, r)
    unit.stateGradient = L.multiply(unit.outputGradient, z)
  }
}
