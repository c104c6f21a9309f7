internal import VectorKernels

// What the package's benchmarks time below the layers. They are a package of their own and see
// nothing that is internal here, and no kernel is public; so this is a window for them, and no part
// of the interface.

/// A matrix B [columns, depth] that one backend has prepared, and the product that a recurrent
/// layer computes with it at each step.
@_spi(Benchmarks) public struct BenchmarkProduct: Sendable {
  private let engine: MatrixEngine<Float>
  private let matrix: PreparedMatrix<Float>

  /// Prepares B [columns, depth], row-major.
  ///
  /// - Throws: ``RecurrentError`` for a missing backend or an override that cannot be honoured.
  public init(by matrix: [Float], columns: Int, depth: Int, backend: Backend) throws(RecurrentError) {
    precondition(matrix.count == columns * depth, "expected \(columns) rows of \(depth) scalars")
    let execution = try Execution(resolving: backend, threadCount: 1)
    engine = try MatrixEngine(backend: execution.backend.resolved, instructions: execution.instructions)
    self.matrix = engine.prepare(
      matrix, columns: columns, depth: depth, columnStride: depth, depthStride: 1)
  }

  /// C += A·Bᵀ for contiguous A [rows, depth] and C [rows, columns].
  ///
  /// - Complexity: 2·rows·columns·depth operations, and no allocation.
  public func add(rows: Int, _ a: Span<Float>, into c: inout MutableSpan<Float>) {
    precondition(a.count == rows * matrix.depth && c.count == rows * matrix.columns)
    a.withUnsafeBufferPointer { a in
      c.withUnsafeMutableBufferPointer { c in
        guard let a = a.baseAddress, let c = c.baseAddress else { return }
        engine.multiply(
          rows: rows,
          // What is only read has the same kind of view as what is written.
          MatrixRows(base: UnsafeMutablePointer(mutating: a), rowStride: matrix.depth),
          by: matrix.allColumns, from: .accumulated,
          into: MatrixRows(base: c, rowStride: matrix.columns), then: .identity)
      }
    }
  }
}

/// An activation's kernel.
@_spi(Benchmarks) public enum BenchmarkActivation: String, Sendable, CaseIterable {
  case relu, tanh, sigmoid

  /// Applies the activation in place, by the kernels of an instruction set that is available.
  public func apply(to scalars: inout MutableSpan<Float>, instructions: InstructionSet) {
    let activation: Activation =
      switch self {
      case .relu: .rectifier
      case .tanh: .hyperbolicTangent
      case .sigmoid: .sigmoid
      }
    scalars.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return }
      instructions.kernels.float.activate(activation, base, $0.count)
    }
  }
}
