/// The weights of one cell as an engine wants them.
struct PreparedCell<Scalar: TensorScalar>: Sendable {
  /// W_ih [H, I]; its rows start from b_ih + b_hh.
  let input: PreparedMatrix<Scalar>
  /// W_hh [H, H].
  let recurrent: PreparedMatrix<Scalar>

  init(_ parameters: CellParameters<Scalar>, for engine: MatrixEngine<Scalar>) {
    let hiddenSize = parameters.weightHH.shape[0]
    let inputSize = parameters.weightIH.shape[1]
    input = parameters.weightIH.scalars.withUnsafeBufferPointer {
      engine.prepare($0, columns: hiddenSize, depth: inputSize, start: parameters.biasSum)
    }
    recurrent = parameters.weightHH.scalars.withUnsafeBufferPointer {
      engine.prepare($0, columns: hiddenSize, depth: hiddenSize, start: nil)
    }
  }
}

/// The cells of a stack as one engine wants them, and that engine.
final class PreparedStack<Scalar: TensorScalar>: PreparedForEngine {
  let engine: MatrixEngine<Scalar>
  let cells: [PreparedCell<Scalar>]

  init(_ parameters: [CellParameters<Scalar>], for engine: MatrixEngine<Scalar>) {
    self.engine = engine
    cells = parameters.map { PreparedCell($0, for: engine) }
  }
}
