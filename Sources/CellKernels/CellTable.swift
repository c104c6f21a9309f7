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

  @inlinable
  public init(
    unitBlocks: UnitBlocks,
    forward: @escaping @Sendable (GatedCell, CellStep<Scalar>) -> Void,
    backward: @escaping @Sendable (GatedCell, CellStepGradient<Scalar>) -> Void
  ) {
    self.unitBlocks = unitBlocks
    self.forward = forward
    self.backward = backward
  }
}
