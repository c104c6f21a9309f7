import VectorKernels

/// The entry points of cells with gates that one instruction set offers for one scalar type.
///
/// An entry is called once for a step of many rows, so that the indirect call costs nothing.
public struct CellTable<Scalar>: Sendable {
  /// How the sums stand.
  public let unitBlocks: UnitBlocks
  /// Computes a step. See ``stepForward(_:_:lanes:)``.
  public let forward: @Sendable (GatedCell, CellStep<Scalar>) -> Void
  /// Carries gradients back through a step. See ``stepBackward(_:_:lanes:)``.
  public let backward: @Sendable (GatedCell, CellStepGradient<Scalar>) -> Void

  /// The kernels, specialized on lanes in the module that names them, for whose instructions they
  /// are compiled.
  @inlinable @inline(__always)
  public init<L: Lanes>(lanes: L.Type) where L.Scalar == Scalar {
    unitBlocks = L.unitBlocks
    forward = { stepForward($0, $1, lanes: L.self) }
    backward = { stepBackward($0, $1, lanes: L.self) }
  }
}
