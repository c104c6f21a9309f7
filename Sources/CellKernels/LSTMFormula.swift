import VectorKernels

/// The long short-term memory.
///
///     i = σ(a_i)   f = σ(a_f)   g = tanh(a_g)   o = σ(a_o)
///     c' = f ⊙ c + i ⊙ g
///     h' = o ⊙ tanh(c')
///
/// Gates stand in PyTorch's order i, f, g, o. The cell state is c.
///
/// Source: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997),
/// with the forget gate of F. A. Gers, J. Schmidhuber, F. Cummins (2000).
public enum LSTMFormula: CellFormula {
  @inlinable @inline(__always)
  public static var name: StaticString { "LSTM" }

  @inlinable @inline(__always)
  public static var gateCount: Int { 4 }

  @inlinable @inline(__always)
  public static var carriesCellState: Bool { true }

  @inlinable @inline(__always)
  public static var separatesHiddenProjection: Bool { false }

  @inlinable @inline(__always)
  public static func forward<L: Lanes>(_ unit: inout CellUnit<L>) {
    let i = L.sigmoid(unit.gates[0])
    let f = L.sigmoid(unit.gates[1])
    let g = L.hyperbolicTangent(unit.gates[2])
    let o = L.sigmoid(unit.gates[3])
    (unit.gates[0], unit.gates[1], unit.gates[2], unit.gates[3]) = (i, f, g, o)
    unit.cellState = L.multiplyAdd(f, unit.cellState, L.multiply(i, g))
    unit.output = L.multiply(o, L.hyperbolicTangent(unit.cellState))
  }

  // ∂c' is what comes from the step after, and what comes through h':
  //
  //     ∂o = ∂h' ⊙ tanh c'     ∂c' += ∂h' ⊙ o ⊙ (1 − tanh² c')
  //     ∂i = ∂c' ⊙ g     ∂f = ∂c' ⊙ c     ∂g = ∂c' ⊙ i     ∂c = ∂c' ⊙ f
  @inlinable @inline(__always)
  public static func backward<L: Lanes>(_ unit: inout CellUnitGradient<L>) {
    let (i, f, g, o) = (unit.gates[0], unit.gates[1], unit.gates[2], unit.gates[3])
    // Computed again: the saved cell state is another one where a zoneout kept that of before.
    let cellState = L.multiplyAdd(f, unit.cellStateBefore, L.multiply(i, g))
    let squashed = L.hyperbolicTangent(cellState)
    let throughOutput = L.multiply(unit.outputGradient, o)
    let cellStateGradient = L.add(
      unit.cellStateGradient, L.multiply(throughOutput, L.oneMinusSquare(squashed)))
    unit.preActivationGradients[0] = L.multiply(L.multiply(cellStateGradient, g), L.timesOneMinus(i))
    unit.preActivationGradients[1] = L.multiply(
      L.multiply(cellStateGradient, unit.cellStateBefore), L.timesOneMinus(f))
    unit.preActivationGradients[2] = L.multiply(L.multiply(cellStateGradient, i), L.oneMinusSquare(g))
    unit.preActivationGradients[3] = L.multiply(L.multiply(unit.outputGradient, squashed), L.timesOneMinus(o))
    unit.cellStateGradient = L.multiply(cellStateGradient, f)
  }
}

extension Lanes {
  /// 1 − y², the derivative of tanh where its value is y.
  @inlinable @inline(__always)
  static func oneMinusSquare(_ y: Vector) -> Vector { subtract(broadcast(1), multiply(y, y)) }

  /// y (1 − y), the derivative of the logistic function where its value is y.
  @inlinable @inline(__always)
  static func timesOneMinus(_ y: Vector) -> Vector { multiply(y, subtract(broadcast(1), y)) }
}
