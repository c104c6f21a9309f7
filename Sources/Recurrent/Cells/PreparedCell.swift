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

/// The cells of a stack as one engine wants them, and that engine.
final class PreparedStack<Scalar: TensorScalar>: Sendable {
  let engine: MatrixEngine<Scalar>
  let cells: [PreparedCell<Scalar>]

  init(_ parameters: [CellParameters<Scalar>], for engine: MatrixEngine<Scalar>) {
    self.engine = engine
    cells = parameters.map { PreparedCell($0, for: engine) }
  }
}

/// The prepared weights of one version of a stack's parameters, made when they are first needed.
///
/// Copies of a stack share it; a stack whose parameters change takes a new one. Tasks that call the
/// same stack at once wait for the first of them to prepare.
final class Preparations<Scalar: TensorScalar>: Sendable {
  /// Few: one for each backend and instruction set that calls have named.
  private let prepared = Mutex<[PreparedStack<Scalar>]>([])

  /// The weights for a backend and an instruction set, made by `make` if they are not there yet.
  func stack(
    for backend: Backend, _ instructions: InstructionSet,
    make: () throws(RecurrentError) -> PreparedStack<Scalar>
  ) throws(RecurrentError) -> PreparedStack<Scalar> {
    try prepared.withLock { (prepared) throws(RecurrentError) -> PreparedStack<Scalar> in
      for stack in prepared
      where stack.engine.backend == backend && stack.engine.instructions == instructions {
        return stack
      }
      let stack = try make()
      prepared.append(stack)
      return stack
    }
  }
}
