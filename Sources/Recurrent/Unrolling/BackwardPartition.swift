/// The steps of one layer that are worked on.
struct BackwardChunk {
  let steps: SequenceChunk
  let layer: Int
}

/// Where the gradients of one cell's parameters are summed.
struct CellGradientMemory<Scalar> {
  /// `[width, I]`.
  let weightIH: UnsafeMutablePointer<Scalar>
  /// `[width, P]`.
  let weightHH: UnsafeMutablePointer<Scalar>
  /// `[width]`; `nil` in a cell without. Where the sums are not apart, it is that of either bias.
  let biasIH: UnsafeMutablePointer<Scalar>?
  /// `[width]`, where the sums are apart.
  let biasHH: UnsafeMutablePointer<Scalar>?
  /// `[P, H]`, where the state is a projection.
  let weightHR: UnsafeMutablePointer<Scalar>?
  /// `[K, H]`, in a custom cell.
  let weightUnit: UnsafeMutablePointer<Scalar>?
}

/// The memory of one backward pass.
final class BackwardWorkspace<Scalar: TensorScalar>: Sendable {
  private let plan: BackwardPlan
  private let deltas: Scratch<Scalar>
  private let outputs: Scratch<Scalar>
  private let preActivationGradients: Scratch<Scalar>
  private let hiddenProjectionGradients: Scratch<Scalar>
  private let packed: Scratch<Scalar>
  private let packedHiddenProjection: Scratch<Scalar>
  private let packedProjected: Scratch<Scalar>
  private let unprojected: Scratch<Scalar>
  private let zeros: Scratch<Scalar>
  private let unitGradients: Scratch<Scalar>
  private let keptGradients: Scratch<Scalar>
  private let keptCellStateGradients: Scratch<Scalar>
  private let panels: Scratch<Scalar>
  private let panelSize: Int
  private let starts: Scratch<Scalar>
  private let startSize: Int

  init(_ pass: BackwardPass<Scalar>, _ plan: BackwardPlan) {
    self.plan = plan
    let (shape, engine, kind) = (pass.shape, pass.stack.engine, pass.stack.kind)
    let rows = plan.stepsPerChunk * shape.rows
    let packedSize = engine.transposedSize(rows: pass.width, depth: rows)
    deltas = Scratch(count: 2 * rows * shape.stateSize)
    outputs = Scratch(
      count: kind.hasFormula || pass.outputStride == shape.stateSize ? 0 : rows * shape.stateSize)
    preActivationGradients = Scratch(count: !kind.hasFormula ? 0 : 2 * rows * pass.width)
    hiddenProjectionGradients = Scratch(count: kind.separatesHiddenProjection ? 2 * rows * pass.width : 0)
    packed = Scratch(count: packedSize)
    packedHiddenProjection = Scratch(count: kind.separatesHiddenProjection ? packedSize : 0)
    packedProjected = Scratch(
      count: shape.isProjected ? engine.transposedSize(rows: shape.stateSize, depth: rows) : 0)
    unprojected = Scratch(count: shape.isProjected ? shape.rows * shape.hiddenSize : 0)
    zeros = Scratch(count: shape.isProjected ? shape.hiddenSize : 0)
    if shape.isProjected { zeros.base.fillWithZeros(count: shape.hiddenSize) }
    unitGradients = Scratch(count: 2 * rows * pass.unitParameterCount)
    keptGradients = Scratch(count: pass.zoneout == nil ? 0 : shape.rows * shape.stateSize)
    keptCellStateGradients = Scratch(count: pass.zoneout == nil ? 0 : shape.rows * shape.hiddenSize)
    let widest = (max(shape.inputSize, shape.hiddenSize) + engine.panelWidth - 1) / engine.panelWidth
    panelSize = rows * ((widest + plan.threadCount - 1) / plan.threadCount * engine.panelWidth)
    panels = Scratch(count: plan.threadCount * panelSize)
    let startsAnywhere = pass.schedule.passesStatesThroughFinal
    startSize = startsAnywhere ? shape.rows * (shape.stateSize + shape.hiddenSize) : 0
    starts = Scratch(count: plan.threadCount * startSize)
  }

  /// What one worker has of it.
  func partition(of worker: Int) -> BackwardPartition<Scalar> {
    BackwardPartition(
      worker: worker, plan: plan, deltas: deltas.base, outputs: outputs.base,
      preActivationGradients: preActivationGradients.base,
      hiddenProjectionGradients: hiddenProjectionGradients.base,
      packedPreActivationGradients: packed.base, packedHiddenProjectionGradients: packedHiddenProjection.base,
      packedProjected: packedProjected.base,
      unprojected: unprojected.base, zeros: zeros.base, unitGradients: unitGradients.base,
      keptGradients: keptGradients.base,
      keptCellStateGradients: keptCellStateGradients.base,
      scratch: panels.base + worker * panelSize,
      starts: starts.base + worker * startSize)
  }
}

/// What one worker of a backward pass has.
struct BackwardPartition<Scalar> {
  let worker: Int
  let plan: BackwardPlan
  /// Of all workers: the gradients of two layers in a chunk, `[2, steps, rows, P]`.
  let deltas: UnsafeMutablePointer<Scalar>
  /// Of all workers: the outputs of a layer of plain cells in a chunk, `[steps, rows, H]`, where
  /// they stand beside others.
  let outputs: UnsafeMutablePointer<Scalar>
  /// Of all workers: the gradients of the sums of two layers with gates in a chunk,
  /// `[2, steps, rows, width]`, and of the sums of the state where they are apart.
  let preActivationGradients: UnsafeMutablePointer<Scalar>
  let hiddenProjectionGradients: UnsafeMutablePointer<Scalar>
  /// Of all workers: the same of one layer, packed with its sums as rows; and the gradients of a
  /// projection.
  let packedPreActivationGradients: UnsafeMutablePointer<Scalar>
  let packedHiddenProjectionGradients: UnsafeMutablePointer<Scalar>
  let packedProjected: UnsafeMutablePointer<Scalar>
  /// Of all workers: the gradients of a step's outputs before their projection, `[rows, H]`.
  let unprojected: UnsafeMutablePointer<Scalar>
  /// Of all workers: a row of zeros, `[H]`.
  let zeros: UnsafeMutablePointer<Scalar>
  /// Of all workers: the gradients of the parameters of units in two layers by row,
  /// `[2, steps, rows, K·H]`.
  let unitGradients: UnsafeMutablePointer<Scalar>
  /// Of all workers: the gradients of states, `[rows, P]`, and cell states, `[rows, H]`, that keep
  /// their value.
  let keptGradients: UnsafeMutablePointer<Scalar>
  let keptCellStateGradients: UnsafeMutablePointer<Scalar>
  /// Of this worker: room to pack columns.
  let scratch: UnsafeMutablePointer<Scalar>
  /// Of this worker: room for the states, `[rows, P]`, and the cell states, `[rows, H]`, from which
  /// a run starts.
  let starts: UnsafeMutablePointer<Scalar>

  /// The rows and units whose steps the worker computes.
  func sequentialPart(rows: Int, units: Int, panelWidth: Int) -> (rows: Range<Int>, units: Range<Int>) {
    switch plan.split {
    case .rows: ((0..<rows).part(worker, of: plan.threadCount), 0..<units)
    case .columns: (0..<rows, columns(of: units, panelWidth: panelWidth))
    }
  }

  /// The worker's columns of so many: whole panels.
  func columns(of count: Int, panelWidth width: Int) -> Range<Int> {
    let panels = (0..<(count + width - 1) / width).part(worker, of: plan.threadCount)
    return min(panels.lowerBound * width, count)..<min(panels.upperBound * width, count)
  }
}
