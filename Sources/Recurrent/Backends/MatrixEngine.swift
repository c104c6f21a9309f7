internal import VectorKernels

/// One backend, resolved: everything that the loop over time needs to call.
///
/// It offers C = activation(start + A·Bᵀ), where each row starts from a given vector or from what C
/// holds, and chains of such products.
final class MatrixEngine<Scalar: TensorScalar>: Sendable {
  /// Where a sum starts.
  enum Start {
    /// From the prepared start of the matrix; C is not read.
    case prepared
    /// From what C holds.
    case accumulated
    /// From the prepared start; what C holds is added to the whole sum.
    case preparedAndAdded
  }

  let backend: Backend
  let instructions: InstructionSet
  let kernels: KernelTable<Scalar>
  let narrow: NarrowTable<Scalar>?
  let openBLAS: OpenBLASRoutines<Scalar>?

  /// Creates the engine of a backend that is available.
  init(backend: Backend, instructions: InstructionSet) throws(RecurrentError) {
    precondition(backend != .automatic, "an engine has a resolved backend")
    self.backend = backend
    self.instructions = instructions
    kernels = Scalar._operations.kernels(instructions)
    narrow = Scalar._operations.narrow(instructions)
    if backend == .openBLAS {
      guard let routines = Scalar._operations.openBLAS else {
        throw .backendUnavailable(.openBLAS, reason: Backend.notLinked)
      }
      openBLAS = routines
    } else {
      openBLAS = nil
    }
  }

  /// Prepares B [columns, depth], whose element (column j, depth k) stands at
  /// `matrix[j·columnStride + k·depthStride]`, and the start of the rows (`columns` scalars; zeros
  /// if `nil`). `isLatencyBound` says that each product waits for the one before; B's elements are
  /// numbers of `format`.
  func prepare(
    _ matrix: [Scalar], columns: Int, depth: Int, columnStride: Int, depthStride: Int,
    start: [Scalar]? = nil, isLatencyBound: Bool = false, format: WeightFormat = .float
  ) -> PreparedMatrix<Scalar> {
    matrix.withUnsafeBufferPointer { matrix in
      guard let matrix = matrix.baseAddress else { preconditionFailure("an empty matrix") }
      guard let start else {
        return prepare(
          matrix, columns: columns, depth: depth, columnStride: columnStride, depthStride: depthStride,
          start: nil, isLatencyBound: isLatencyBound, format: format)
      }
      return start.withUnsafeBufferPointer { start in
        prepare(
          matrix, columns: columns, depth: depth, columnStride: columnStride, depthStride: depthStride,
          start: start.baseAddress, isLatencyBound: isLatencyBound, format: format)
      }
    }
  }

  /// Prepares part of a matrix: B stands at `matrix`, and the start of the rows at `start`.
  func prepare(
    _ matrix: UnsafePointer<Scalar>, columns: Int, depth: Int, columnStride: Int, depthStride: Int,
    start: UnsafePointer<Scalar>?, isLatencyBound: Bool = false, format: WeightFormat = .float
  ) -> PreparedMatrix<Scalar> {
    let width = panelWidth
    let padded = (columns + width - 1) / width * width
    let accumulators =
      isLatencyBound
      ? SplitAccumulators(count: SummationOrder.accumulators(ofDepth: depth), of: depth) : .one
    let source = PackingSource(
      base: matrix, columns: columns, depth: depth, columnStride: columnStride, depthStride: depthStride)
    let starts = AlignedBuffer<Scalar>(count: padded)
    starts.base.fillWithZeros(count: padded)
    if let start { starts.base.update(from: start, count: columns) }
    if let kernels = narrowKernels(for: columns * depth, accumulators, format) {
      let columnLength = (depth + kernels.weightsPerWord - 1) / kernels.weightsPerWord
      let words = AlignedBuffer<Scalar>(count: padded * columnLength)
      let scales = AlignedBuffer<Scalar>(count: padded)
      kernels.pack(source, NarrowPanels(words: words.base, scales: scales.base))
      return PreparedMatrix(
        columns: columns, depth: depth, accumulators: accumulators, format: format, elements: words,
        columnLength: columnLength, start: starts, scales: scales)
    }
    let elements = AlignedBuffer<Scalar>(count: padded * depth)
    if openBLAS == nil {
      kernels.pack(source, elements.base)
    } else {
      for column in 0..<columns {
        for k in 0..<depth {
          elements.base[column * depth + k] = matrix[column * columnStride + k * depthStride]
        }
      }
    }
    return PreparedMatrix(
      columns: columns, depth: depth, accumulators: accumulators, format: .float, elements: elements,
      columnLength: depth, start: starts, scales: starts)
  }

  /// The kernels for so many weights in a format; `nil` where rounded weights stand as floats:
  /// OpenBLAS knows no others, and those that fit the second-level cache are read fastest so.
  private func narrowKernels(
    for count: Int, _ accumulators: SplitAccumulators, _ format: WeightFormat
  ) -> NarrowKernels<Scalar>? {
    guard openBLAS == nil, accumulators == .one,
      count * MemoryLayout<Scalar>.stride > Processor.secondLevelBytes
    else { return nil }
    return narrow?.kernels(of: format)
  }

  /// The columns that stand together in memory: a product of part of the columns begins at a
  /// multiple of it.
  var panelWidth: Int { openBLAS == nil ? kernels.panelWidth : 1 }

  /// C = activation(start + A·Bᵀ) for A [rows, depth] and C [rows, columns], which do not overlap.
  ///
  /// With several `iterations`, each product's C, which is one block of rows, is the next one's A,
  /// and its C stands `iterationStride` further on. Where `outputs` are given, laid out as C, C is
  /// multiplied by the derivative of the activation there. Products with the same B one after the
  /// other read it alternately from its start and from its end.
  @inline(__always)
  func multiply(
    rows: Int, _ a: MatrixRows<Scalar>, by b: PreparedColumns<Scalar>, from start: Start,
    into c: MatrixRows<Scalar>, then activation: Activation, at outputs: UnsafePointer<Scalar>? = nil,
    iterations: Int = 1, iterationStride: Int = 0, startsAtEnd: Bool = false
  ) {
    precondition(a.isReversed == c.isReversed, "rows of a product in different orders")
    if let openBLAS {
      var a = a
      for iteration in 0..<iterations {
        let offset = iteration * iterationStride
        let c = iteration == 0 ? c : MatrixRows(base: c.base + offset, rowStride: c.layout.rowStride)
        openBLAS.multiply(rows: rows, a, by: b, from: start, into: c)
        activate(activation, rows: rows, columns: b.columns, c, at: outputs.map { $0 + offset })
        a = c
      }
    } else {
      var product = Product(
        rows: rows, columns: b.columns, depth: b.depth,
        a: a.base, aLayout: a.layout,
        panels: b.elements, start: start == .accumulated ? nil : b.start,
        c: c.base, cLayout: c.layout, activation: activation,
        iterations: iterations, iterationStride: iterationStride)
      product.addsToC = start == .preparedAndAdded
      product.outputs = outputs
      product.accumulators = b.accumulators
      product.startsAtEnd = startsAtEnd
      guard b.format == .float else { return multiplyNarrow(product, b) }
      kernels.multiply(product)
    }
  }

  @inline(never)
  private func multiplyNarrow(_ product: Product<Scalar>, _ b: PreparedColumns<Scalar>) {
    guard let kernels = narrow?.kernels(of: b.format) else { preconditionFailure("no narrow kernels") }
    precondition(!product.addsToC && product.outputs == nil, "a backward pass with narrow weights")
    kernels.multiply(product, b.scales)
  }

  /// C = activation(start + X·Vᵀ + A·Bᵀ) for X [iterations·rows, depth of V]: a step of plain
  /// cells, or a chain of steps, in which each C is the next A. X and C have a block of rows for
  /// each iteration, in the order of the iterations.
  @inline(__always)
  func multiply(
    rows: Int, iterations: Int = 1, _ x: MatrixRows<Scalar>, by v: PreparedColumns<Scalar>,
    and a: MatrixRows<Scalar>, by b: PreparedColumns<Scalar>, into c: MatrixRows<Scalar>,
    then activation: Activation
  ) {
    guard openBLAS == nil, v.format == .float, b.format == .float else {
      multiply(rows: iterations * rows, x, by: v, from: .prepared, into: c, then: .identity)
      return multiply(
        rows: rows, a, by: b, from: .accumulated, into: c.first, then: activation, iterations: iterations,
        iterationStride: c.blockStride)
    }
    let (inputs, targets, first) = (x.inGivenOrder, c.inGivenOrder, c.first)
    let projection = Product(
      rows: iterations * rows, columns: v.columns, depth: v.depth, a: inputs.base, aLayout: inputs.layout,
      panels: v.elements,
      start: v.start, c: targets.base, cLayout: targets.layout, activation: .identity)
    withUnsafePointer(to: projection) {
      var product = Product(
        rows: rows, columns: b.columns, depth: b.depth, a: a.base, aLayout: a.layout, panels: b.elements,
        start: nil, c: first.base, cLayout: first.layout, activation: activation, iterations: iterations,
        iterationStride: c.blockStride)
      product.accumulators = b.accumulators
      product.projection = $0
      kernels.multiply(product)
    }
  }

  /// C ← C ⊙ activation′ where it had these outputs, for contiguous scalars.
  func scale(
    _ c: UnsafeMutablePointer<Scalar>, byDerivativeOf activation: Activation,
    at outputs: UnsafePointer<Scalar>, count: Int
  ) {
    kernels.scaleByDerivative(activation, c, outputs, count)
  }

  /// Applies an activation to rows of any layout in place, or multiplies them by its derivative
  /// where it had outputs.
  func activate(
    _ activation: Activation, rows: Int, columns: Int, _ c: MatrixRows<Scalar>,
    at outputs: UnsafePointer<Scalar>? = nil
  ) {
    guard activation != .identity else { return }
    if outputs == nil, c.layout.isUniform(rows: rows), c.layout.rowStride == columns {
      kernels.activate(activation, c.base, rows * columns)
      return
    }
    for row in 0..<rows {
      let (block, rowInBlock) = row.quotientAndRemainder(dividingBy: c.layout.rowsPerBlock)
      let offset = block * c.layout.blockStride + rowInBlock * c.layout.rowStride
      if let outputs {
        kernels.scaleByDerivative(activation, c.base + offset, outputs + offset, columns)
      } else {
        kernels.activate(activation, c.base + offset, columns)
      }
    }
  }
}

extension OpenBLASRoutines where Scalar: TensorScalar {
  /// C = start + A·Bᵀ by as few calls as the layouts allow: one where the rows of both stand at one
  /// stride.
  fileprivate func multiply(
    rows: Int, _ a: MatrixRows<Scalar>, by b: PreparedColumns<Scalar>,
    from start: MatrixEngine<Scalar>.Start, into c: MatrixRows<Scalar>
  ) {
    var (aLayout, cLayout) = (a.layout, c.layout)
    let isUniform = aLayout.isUniform(rows: rows) && cLayout.isUniform(rows: rows)
    if !isUniform {
      // Batch-major sequences are contiguous in the other order of their rows.
      let (aOther, cOther) = (aLayout.reordered(rows: rows), cLayout.reordered(rows: rows))
      if aOther.isUniform(rows: rows), cOther.isUniform(rows: rows) {
        (aLayout, cLayout) = (RowLayout(rowStride: aOther.rowStride), RowLayout(rowStride: cOther.rowStride))
      }
    } else {
      (aLayout, cLayout) = (RowLayout(rowStride: aLayout.rowStride), RowLayout(rowStride: cLayout.rowStride))
    }
    var done = 0
    var aBlock = a.base
    var cBlock = c.base
    while done < rows {
      let count = min(rows - done, cLayout.rowsPerBlock)
      for row in 0..<count {
        let c = cBlock + row * cLayout.rowStride
        switch start {
        case .prepared: c.update(from: b.start, count: b.columns)
        case .accumulated: break
        case .preparedAndAdded: for column in 0..<b.columns { c[column] += b.start[column] }
        }
      }
      multiply(count, aBlock, aLayout.rowStride, b, cBlock, cLayout.rowStride)
      done += count
      aBlock += aLayout.blockStride
      cBlock += cLayout.blockStride
    }
  }

  /// C += A·Bᵀ for rows at one stride.
  private func multiply(
    _ rows: Int, _ a: UnsafePointer<Scalar>, _ aStride: Int, _ b: PreparedColumns<Scalar>,
    _ c: UnsafeMutablePointer<Scalar>, _ cStride: Int
  ) {
    // Sizes are checked to fit BLAS's 32-bit integers where a layer validates its input.
    let (n, k) = (Int32(b.columns), Int32(b.depth))
    if rows == 1 {
      multiplyByVector(n, k, b.elements, a, c)
    } else {
      multiplyByTransposed(
        Int32(rows), n, k, a, Int32(aStride), b.elements, c, Int32(cStride))
    }
  }
}
