internal import Synchronization

/// Matrices in the form that one engine wants, and that engine.
protocol PreparedForEngine<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar
  var engine: MatrixEngine<Scalar> { get }
}

/// The prepared matrices of one version of some parameters, made when they are first needed.
///
/// Copies of the parameters' owner share it; an owner whose parameters change takes a new one. Tasks that
/// ask the same owner at once wait for the first of them to prepare.
final class Preparations<Prepared: PreparedForEngine>: Sendable {
  /// Few: one for each backend and instruction set that calls have named.
  private let prepared = Mutex<[Prepared]>([])

  /// The matrices for a backend and an instruction set, if they are there already.
  @inline(__always)
  func existing(for backend: Backend, _ instructions: InstructionSet) -> Prepared? {
    prepared.withLock { $0.first { $0.engine.backend == backend && $0.engine.instructions == instructions } }
  }

  /// The matrices for a backend and an instruction set, made by `make` if they are not there yet.
  func value(
    for backend: Backend, _ instructions: InstructionSet,
    make: () throws(RecurrentError) -> Prepared
  ) throws(RecurrentError) -> Prepared {
    try prepared.withLock { (prepared) throws(RecurrentError) -> Prepared in
      for value in prepared
      where value.engine.backend == backend && value.engine.instructions == instructions {
        return value
      }
      let value = try make()
      prepared.append(value)
      return value
    }
  }
}
