internal import CellKernels
internal import VectorKernels

/// What follows the products of a step, in cells whose formula is more than an activation.
struct StepFormula<Scalar: TensorScalar>: Sendable {
  /// Computes a step of some rows.
  let forward: @Sendable (CellStep<Scalar>, CustomStep<Scalar>) -> Void
  /// Computes a step of one row with its products; `nil` where others compute those.
  let fused: (@Sendable (UnsafePointer<FusedStep<Scalar>>) -> Void)?
  /// Carries gradients back through a step of some rows.
  let backward: @Sendable (CellStepGradient<Scalar>, CustomStep<Scalar>) -> Void

  /// The formula of a kind; `nil` where it is a mere activation. `isFused`: whether a step of one row
  /// computes its products too.
  init?(
    _ kind: CellKind, _ custom: CustomFormula<Scalar>?, _ table: CellTable<Scalar>, hiddenSize: Int,
    _ kernels: KernelTable<Scalar>, isFused: Bool
  ) {
    switch kind {
    case .plain: return nil
    case .gated(let cell): self.init(table.kernels(of: cell), isFused: isFused)
    case .custom(let sizes):
      guard let custom else { preconditionFailure("a custom cell without a formula") }
      self.init(custom, sizes, hiddenSize: hiddenSize, kernels)
    }
  }

  private init(_ kernels: CellKernels<Scalar>, isFused: Bool) {
    forward = { step, _ in kernels.forward(step) }
    fused = isFused ? kernels.fused : nil
    backward = { step, _ in kernels.backward(step) }
  }

  /// Calls a custom cell row by row.
  private init(
    _ custom: CustomFormula<Scalar>, _ sizes: CustomCellSizes, hiddenSize: Int,
    _ kernels: KernelTable<Scalar>
  ) {
    let functions = CellFunctions<Scalar>(kernels: kernels)
    fused = nil
    forward = { step, other in
      other.unitParameters.withUnsafeBufferPointer { unitParameters in
        for row in 0..<step.rows {
          custom.forward(
            CustomCellRow(
              step, other, row: row, sizes, hiddenSize: hiddenSize, unitParameters, functions))
        }
      }
    }
    backward = { step, other in
      guard let backward = custom.backward else {
        preconditionFailure("a pass back through a cell without a derivative")
      }
      other.unitParameters.withUnsafeBufferPointer { unitParameters in
        for row in 0..<step.rows {
          backward(
            CustomCellRowGradient(
              step, other, row: row, sizes, hiddenSize: hiddenSize, unitParameters, functions))
        }
      }
    }
  }
}

/// What a step of a custom cell has beside what all cells with gates have.
struct CustomStep<Scalar> {
  /// `[K, H]`.
  let unitParameters: [Scalar]
  /// What the cell keeps for the backward pass.
  let kept: UnitRows<Scalar>
  /// On the backward pass: where the gradients of the parameters of units go, by row.
  var unitGradients: UnitRows<Scalar>?
}

/// The formula of a custom cell, without its type.
struct CustomFormula<Scalar: TensorScalar>: Sendable {
  let forward: @Sendable (CustomCellRow<Scalar>) -> Void
  /// `nil` for cells that only run.
  let backward: (@Sendable (CustomCellRowGradient<Scalar>) -> Void)?

  init<Cell: CustomCell<Scalar>>(_ cell: Cell) {
    forward = { cell.forward($0) }
    if let cell = cell as? any DifferentiableCustomCell<Scalar> {
      backward = { cell.backward($0) }
    } else {
      backward = nil
    }
  }
}
