internal import Synchronization

/// Matrices in the form that one engine wants, and that engine.
protocol PreparedForEngine<Scalar>: AnyObject, Sendable {
  associatedtype Scalar: TensorScalar
  var engine: MatrixEngine<Scalar> { get }
}

/// The prepared matrices of one version of some parameters, made when they are first needed.
///
/// Copies of the parameters' owner share it; an owner whose parameters change takes a new one.
/// Tasks that ask the same owner at once wait for the first of them to prepare; what is prepared is
/// found without a lock.
final class Preparations<Prepared: PreparedForEngine>: Sendable {
  /// For each backend and instruction set that a call can name, a retained reference, or 0.
  /// `AtomicLazyReference` would say it better, but looks up metadata at every load.
  private let places = InlineArray<8, Atomic<UInt>> { _ in Atomic(0) }
  private let preparing = Mutex<Void>(())

  deinit {
    for place in places.indices { reference(at: place)?.release() }
  }

  @inline(__always)
  private func reference(at place: Int) -> Unmanaged<Prepared>? {
    guard let pointer = UnsafeRawPointer(bitPattern: places[place].load(ordering: .acquiring)) else {
      return nil
    }
    return .fromOpaque(pointer)
  }

  @inline(__always)
  private static func place(_ backend: Backend, _ instructions: InstructionSet) -> Int {
    let set =
      switch instructions {
      case .sse2: 0
      case .avx2: 1
      case .avx512: 2
      case .neon: 3
      }
    return switch backend {
    case .openBLAS: 2 * set + 1
    case .automatic, .swift: 2 * set
    }
  }

  /// The matrices for a backend and an instruction set, if they are there already.
  @inline(__always)
  func existing(for backend: Backend, _ instructions: InstructionSet) -> Prepared? {
    reference(at: Self.place(backend, instructions))?.takeUnretainedValue()
  }

  /// The matrices for a backend and an instruction set, made by `make` if they are not there yet.
  func value(
    for backend: Backend, _ instructions: InstructionSet,
    make: () throws(RecurrentError) -> Prepared
  ) throws(RecurrentError) -> Prepared {
    if let existing = existing(for: backend, instructions) { return existing }
    return try preparing.withLock { _ throws(RecurrentError) -> Prepared in
      if let existing = existing(for: backend, instructions) { return existing }
      let made = try make()
      places[Self.place(backend, instructions)].store(
        UInt(bitPattern: Unmanaged.passRetained(made).toOpaque()), ordering: .releasing)
      return made
    }
  }
}
