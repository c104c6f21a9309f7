internal import Synchronization
internal import VectorKernels

/// The weights of one cell as an engine wants them.
struct PreparedCell<Scalar: TensorScalar>: Sendable {
  /// W_ih [H, I]; its rows start from b_ih + b_hh.
  let input: PreparedMatrix<Scalar>
  /// W_hh [H, H].
  let recurrent: PreparedMatrix<Scalar>

  init(_ parameters: CellParameters<Scalar>, for engine: MatrixEngine<Scalar>) {
    let (hiddenSize, inputSize) = (parameters.weightIH.shape[0], parameters.weightIH.shape[1])
    input = engine.prepare(
      parameters.weightIH.scalars, columns: hiddenSize, depth: inputSize,
      columnStride: inputSize, depthStride: 1, start: parameters.biasSum)
    recurrent = engine.prepare(
      parameters.weightHH.scalars, columns: hiddenSize, depth: hiddenSize,
      columnStride: hiddenSize, depthStride: 1)
  }
}

/// The weights of one cell as an engine wants them to carry gradients back.
struct PreparedCellTranspose<Scalar: TensorScalar>: Sendable {
  /// W_ihᵀ [I, H].
  let input: PreparedMatrix<Scalar>
  /// W_hhᵀ [H, H].
  let recurrent: PreparedMatrix<Scalar>

  init(_ parameters: CellParameters<Scalar>, for engine: MatrixEngine<Scalar>) {
    let (hiddenSize, inputSize) = (parameters.weightIH.shape[0], parameters.weightIH.shape[1])
    input = engine.prepare(
      parameters.weightIH.scalars, columns: inputSize, depth: hiddenSize,
      columnStride: 1, depthStride: inputSize)
    recurrent = engine.prepare(
      parameters.weightHH.scalars, columns: hiddenSize, depth: hiddenSize,
      columnStride: 1, depthStride: hiddenSize)
  }
}

/// The cells of a stack as one engine wants them, and that engine.
final class PreparedStack<Scalar: TensorScalar>: PreparedForEngine {
  let engine: MatrixEngine<Scalar>
  let cells: [PreparedCell<Scalar>]
  /// Made when a gradient is first asked for.
  private let transposedCells = Mutex<[PreparedCellTranspose<Scalar>]?>(nil)

  init(_ parameters: [CellParameters<Scalar>], for engine: MatrixEngine<Scalar>) {
    self.engine = engine
    cells = parameters.map { PreparedCell($0, for: engine) }
  }

  /// One step of one layer, on the calling thread: h' of B rows from x and h. Neither overlaps h'.
  @inline(__always)
  func step(
    layer: Int, rows: Int, _ input: MatrixRows<Scalar>, _ previous: MatrixRows<Scalar>,
    into next: MatrixRows<Scalar>, then activation: Activation
  ) {
    engine.multiply(
      rows: rows, input, by: cells[layer].input.allColumns, from: .prepared, into: next, then: .identity)
    engine.multiply(
      rows: rows, previous, by: cells[layer].recurrent.allColumns, from: .accumulated, into: next,
      then: activation)
  }

  /// The cells' weights to carry gradients back; `parameters` are those that the stack was made from.
  func transposes(of parameters: [CellParameters<Scalar>]) -> [PreparedCellTranspose<Scalar>] {
    transposedCells.withLock { cells in
      if let cells { return cells }
      let made = parameters.map { PreparedCellTranspose($0, for: engine) }
      cells = made
      return made
    }
  }
}
