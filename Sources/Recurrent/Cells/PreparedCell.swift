internal import CellKernels
internal import Synchronization
internal import VectorKernels

/// The weights of one cell as an engine wants them, its gates arranged by a layout.
struct PreparedCell<Scalar: TensorScalar>: Sendable {
  /// W_ih [width, I]; its rows start from b_ih, and from b_hh too where the sums are not apart.
  let input: PreparedMatrix<Scalar>
  /// W_hh [width, P]; its rows start from b_hh where the sums are apart.
  let recurrent: PreparedMatrix<Scalar>
  /// W_hr [P, H].
  let projection: PreparedMatrix<Scalar>?
  /// The parameters of the units, `[K, H]`.
  let unitParameters: [Scalar]

  init(
    _ parameters: CellParameters<Scalar>, of kind: CellKind, layout: GateLayout,
    format: WeightFormat, for engine: MatrixEngine<Scalar>
  ) {
    let parameters = parameters.rounded(to: format)
    let (inputSize, stateSize) = (parameters.weightIH.shape[1], parameters.weightHH.shape[1])
    let bias = { (values: [Scalar]?) in values.map { layout.arranged($0, depth: 1) } }
    input = engine.prepare(
      layout.arranged(parameters.weightIH.scalars, depth: inputSize), columns: layout.width,
      depth: inputSize, columnStride: inputSize, depthStride: 1,
      start: bias(kind.separatesHiddenProjection ? parameters.biasIH?.scalars : parameters.biasSum),
      format: format)
    recurrent = engine.prepare(
      layout.arranged(parameters.weightHH.scalars, depth: stateSize), columns: layout.width,
      depth: stateSize, columnStride: stateSize, depthStride: 1,
      start: kind.separatesHiddenProjection ? bias(parameters.biasHH?.scalars) : nil, isLatencyBound: true,
      format: format)
    projection = parameters.weightHR.map {
      engine.prepare(
        $0.scalars, columns: $0.shape[0], depth: $0.shape[1], columnStride: $0.shape[1], depthStride: 1,
        isLatencyBound: true, format: format)
    }
    unitParameters = parameters.weightUnit?.scalars ?? []
  }
}

/// The weights of one cell as an engine wants them to carry gradients back.
struct PreparedCellTranspose<Scalar: TensorScalar>: Sendable {
  /// W_ihᵀ [I, width].
  let input: PreparedMatrix<Scalar>
  /// W_hhᵀ [P, width].
  let recurrent: PreparedMatrix<Scalar>
  /// W_hrᵀ [H, P].
  let projection: PreparedMatrix<Scalar>?

  init(_ parameters: CellParameters<Scalar>, layout: GateLayout, for engine: MatrixEngine<Scalar>) {
    let (inputSize, stateSize) = (parameters.weightIH.shape[1], parameters.weightHH.shape[1])
    input = engine.prepare(
      layout.arranged(parameters.weightIH.scalars, depth: inputSize), columns: inputSize,
      depth: layout.width, columnStride: 1, depthStride: inputSize)
    recurrent = engine.prepare(
      layout.arranged(parameters.weightHH.scalars, depth: stateSize), columns: stateSize,
      depth: layout.width, columnStride: 1, depthStride: stateSize, isLatencyBound: true)
    projection = parameters.weightHR.map {
      engine.prepare(
        $0.scalars, columns: $0.shape[1], depth: $0.shape[0], columnStride: 1, depthStride: $0.shape[1],
        isLatencyBound: true)
    }
  }
}

/// The cells of a stack as one engine wants them, and that engine.
final class PreparedStack<Scalar: TensorScalar>: PreparedForEngine {
  let engine: MatrixEngine<Scalar>
  let sizes: StackSizes
  /// What the weights are rounded to.
  private let format: WeightFormat
  /// What the hidden projection applies.
  let activation: Activation
  /// Whether the formula takes the hidden projection separate from the input projection.
  let separatesHiddenProjection: Bool
  /// The scalars that a custom cell saves of a row for the backward pass.
  let savedWidth: Int
  /// What follows the products; `nil` where it is a mere activation.
  let formula: StepFormula<Scalar>?
  let layout: GateLayout
  let cells: [PreparedCell<Scalar>]
  /// The weights of each cell as the kernel of one row takes them.
  let fusedWeights: [FusedStep<Scalar>.Weights]
  /// Computes a step of one row that nothing follows; `nil` where something does.
  let fused: (@Sendable (UnsafePointer<FusedStep<Scalar>>) -> Void)?
  /// Made when a gradient is first asked for.
  private let transposedCells = Mutex<[PreparedCellTranspose<Scalar>]?>(nil)

  init(
    _ parameters: [CellParameters<Scalar>], _ sizes: StackSizes, custom: CustomFormula<Scalar>?,
    format: WeightFormat, for engine: MatrixEngine<Scalar>
  ) {
    self.engine = engine
    self.sizes = sizes
    self.format = format
    let (kind, hiddenSize) = (sizes.kind, sizes.hiddenSize)
    activation = kind.activation
    separatesHiddenProjection = kind.separatesHiddenProjection
    savedWidth = (kind.customSizes?.keptVectorCount ?? 0) * hiddenSize
    let table = Scalar._operations.cells(engine.instructions)
    // A custom cell sees its row as a user does, all units of a gate side by side.
    let layout = GateLayout(
      gateCount: kind.gateCount, hiddenSize: hiddenSize,
      blocks: custom == nil ? table.unitBlocks : UnitBlocks(length: hiddenSize, granularity: hiddenSize))
    self.layout = layout
    // Beyond the second-level cache the gates' panels, each a stream of its own, cost more than the
    // fused step saves; see Benchmarks/Results/kernel-notes.md.
    let weightBytes = layout.width * sizes.stateSize * MemoryLayout<Scalar>.stride
    let cells = parameters.map { PreparedCell($0, of: kind, layout: layout, format: format, for: engine) }
    self.cells = cells
    formula = StepFormula(
      kind, custom, table, hiddenSize: hiddenSize, engine.kernels,
      isFused: engine.openBLAS == nil && weightBytes <= Processor.secondLevelBytes
        && cells.allSatisfy { $0.input.format == .float })
    fusedWeights = cells.map {
      FusedStep.Weights(
        units: hiddenSize, input: $0.input.allColumns, recurrent: $0.recurrent.allColumns,
        start: $0.input.start.base)
    }
    fused = sizes.projectionSize == nil ? formula?.fused : nil
  }

  var kind: CellKind { sizes.kind }

  /// The cells' weights to carry gradients back; `parameters` are those that the stack was made
  /// from.
  func transposes(of parameters: [CellParameters<Scalar>]) -> [PreparedCellTranspose<Scalar>] {
    transposedCells.withLock { cells in
      if let cells { return cells }
      let made = parameters.map { PreparedCellTranspose($0.rounded(to: format), layout: layout, for: engine) }
      cells = made
      return made
    }
  }
}
