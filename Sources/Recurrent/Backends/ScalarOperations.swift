internal import CellKernels
internal import VectorKernels

/// The operations on buffers of one scalar type: an implementation detail of ``TensorScalar``.
public struct _ScalarOperations<Scalar>: Sendable {
  /// The kernels that are compiled for an instruction set.
  let kernels: @Sendable (InstructionSet) -> KernelTable<Scalar>
  /// The formulas of cells that are compiled for an instruction set.
  let cells: @Sendable (InstructionSet) -> CellTable<Scalar>
  /// The kernels for weights in fewer bits; `nil` for a type that has none.
  let narrow: @Sendable (InstructionSet) -> NarrowTable<Scalar>?
  /// The routines of OpenBLAS; `nil` in a build without it.
  let openBLAS: OpenBLASRoutines<Scalar>?

  init(
    kernels: @escaping @Sendable (InstructionSet) -> KernelTable<Scalar>,
    cells: @escaping @Sendable (InstructionSet) -> CellTable<Scalar>,
    narrow: @escaping @Sendable (InstructionSet) -> NarrowTable<Scalar>?,
    openBLAS: OpenBLASRoutines<Scalar>?
  ) {
    self.kernels = kernels
    self.cells = cells
    self.narrow = narrow
    self.openBLAS = openBLAS
  }
}
