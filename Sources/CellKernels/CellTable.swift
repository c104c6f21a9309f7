import VectorKernels

/// The cells with gates that one instruction set offers for one scalar type.
public struct CellTable<Scalar>: Sendable {
  /// How the pre-activations stand.
  public let unitBlocks: UnitBlocks
  /// The cells, each with its kernels.
  public let cells: [CellKernels<Scalar>]

  /// All cells, specialized on lanes in the module that names them, for whose instructions they are
  /// compiled.
  @inlinable @inline(__always)
  public init<L: Lanes, Wide: Lanes, let tileRows: Int, let panelVectors: Int>(
    lanes: L.Type, wide: Wide.Type, tiling: Tiling<tileRows, panelVectors>
  ) where L.Scalar == Scalar, Wide.Scalar == Scalar {
    unitBlocks = L.unitBlocks
    cells = [
      CellKernels(LSTMFormula.self, lanes: L.self, wide: Wide.self, tiling: tiling),
      CellKernels(GRUFormula.self, lanes: L.self, wide: Wide.self, tiling: tiling),
    ]
  }

  /// The kernels of a cell.
  public func kernels(of cell: GatedCell) -> CellKernels<Scalar> {
    guard let kernels = cells.first(where: { $0.cell == cell }) else {
      preconditionFailure("a cell that no table names")
    }
    return kernels
  }
}

/// The entry points of one cell.
///
/// An entry is called once for a step of many rows, so that the indirect call costs nothing.
public struct CellKernels<Scalar>: Sendable {
  public let cell: GatedCell
  /// Computes a step. See ``stepForward(_:_:lanes:)``.
  public let forward: @Sendable (CellStep<Scalar>) -> Void
  /// Computes a step of one row with its products. See ``stepRow(_:_:lanes:wide:tiling:)``.
  public let fused: @Sendable (UnsafePointer<FusedStep<Scalar>>) -> Void
  /// Carries gradients back through a step. See ``stepBackward(_:_:lanes:)``.
  public let backward: @Sendable (CellStepGradient<Scalar>) -> Void

  @inlinable @inline(__always)
  init<Formula: CellFormula, L: Lanes, Wide: Lanes, let tileRows: Int, let panelVectors: Int>(
    _: Formula.Type, lanes: L.Type, wide: Wide.Type, tiling: Tiling<tileRows, panelVectors>
  ) where L.Scalar == Scalar, Wide.Scalar == Scalar {
    cell = GatedCell(Formula.self)
    forward = { stepForward(Formula.self, $0, lanes: L.self) }
    fused = { stepRow(Formula.self, $0, lanes: L.self, wide: Wide.self, tiling: tiling) }
    backward = { stepBackward(Formula.self, $0, lanes: L.self) }
  }
}
