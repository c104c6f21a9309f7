internal import Synchronization

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

/// The prepared weights of one version of a layer's parameters, made when they are first needed.
///
/// Copies of a layer share it; a layer whose parameters change takes a new one. Tasks that call the
/// same layer at once wait for the first of them to prepare.
final class PreparedCells<Scalar: TensorScalar>: Sendable {
  private struct Key: Hashable {
    let backend: Backend
    let instructions: InstructionSet
  }

  private let prepared = Mutex<[Key: [PreparedCell<Scalar>]]>([:])

  /// The weights for an engine; `parameters` must be those of this object's layer, validated.
  func cells(
    of parameters: [CellParameters<Scalar>], for engine: MatrixEngine<Scalar>
  ) -> [PreparedCell<Scalar>] {
    let key = Key(backend: engine.backend, instructions: engine.instructions)
    return prepared.withLock { prepared in
      if let cells = prepared[key] { return cells }
      let cells = parameters.map { PreparedCell($0, for: engine) }
      prepared[key] = cells
      return cells
    }
  }
}
