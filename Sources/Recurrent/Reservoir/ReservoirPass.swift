internal import VectorKernels

/// The steps of a reservoir: those of a plain recurrent layer, but for a state that may leak and
/// weights that may be sparse.
///
///     h_t = (1 − a) · h_{t−1} + a · tanh(x_t · W_ihᵀ + b + h_{t−1} · W_hhᵀ)
///
/// The input product of all steps is computed at once, in the place of the output; one thread does
/// it all.
struct ReservoirPass<Scalar: TensorScalar>: Sendable {
  let stack: PreparedStack<Scalar>
  /// W_hh by its entries, where that is faster than the whole matrix.
  let sparse: SparseMatrix<Scalar>?
  /// a.
  let leakRate: Scalar

  private var hiddenSize: Int { stack.cells[0].recurrent.columns }

  /// Runs T steps of B rows.
  ///
  /// - Parameters:
  ///   - input: x, `[T, B, I]`.
  ///   - steps: T.
  ///   - rows: B.
  ///   - state: h before the first step, `[B, H]`, not overlapping the output.
  ///   - output: h after every step, `[T, B, H]`.
  func run(
    _ input: UnsafePointer<Scalar>, steps: Int, rows: Int, from state: UnsafePointer<Scalar>,
    into output: UnsafeMutablePointer<Scalar>
  ) {
    let (engine, cell) = (stack.engine, stack.cells[0])
    let size = rows * hiddenSize
    engine.multiply(
      rows: steps * rows, matrix(input, columns: cell.input.depth), by: cell.input.allColumns,
      from: .prepared, into: matrix(output, columns: hiddenSize), then: .identity)
    for step in 0..<steps {
      let previous = step == 0 ? state : UnsafePointer(output + (step - 1) * size)
      let current = output + step * size
      if let sparse {
        for row in 0..<rows {
          sparse.addProduct(with: previous + row * hiddenSize, to: current + row * hiddenSize)
        }
        engine.activate(
          .hyperbolicTangent, rows: rows, columns: hiddenSize, matrix(current, columns: hiddenSize))
      } else {
        engine.multiply(
          rows: rows, matrix(previous, columns: hiddenSize), by: cell.recurrent.allColumns,
          from: .accumulated, into: matrix(current, columns: hiddenSize), then: .hyperbolicTangent,
          startsAtEnd: step.isOdd)
      }
      if leakRate != 1 { leak(from: previous, into: current, count: size) }
    }
  }

  /// Runs T steps of B rows on the output that a read-out gives after each of them.
  ///
  /// - Parameters:
  ///   - input: u, `[T, B, I]`.
  ///   - steps: T.
  ///   - rows: B.
  ///   - readout: What gives y from h and u.
  ///   - hidden: h before the first step, `[B, H]`, and after the last.
  ///   - last: y before the first step, `[B, O]`, and after the last.
  /// - Returns: y after every step, `[T, B, O]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func freeRun(
    _ input: [Scalar], steps: Int, rows: Int, readout: PreparedReadout<Scalar>,
    hidden: inout [Scalar], last: inout [Scalar]
  ) -> [Scalar] {
    guard rows > 0 else { return [] }
    let (inputSize, outputSize) = (readout.inputSize, readout.bias.count)
    let depth = stack.cells[0].input.depth
    // u and y side by side, as W_in and W_fb are.
    let drive = AlignedBuffer<Scalar>(count: rows * depth)
    let states = AlignedBuffer<Scalar>(count: 2 * hidden.count)
    states.base.update(from: hidden, count: hidden.count)
    let output = [Scalar](unsafeUninitializedCapacity: steps * rows * outputSize) { output, count in
      guard let output = output.baseAddress else { return }
      input.withUnsafeBufferPointer { input in
        last.withUnsafeBufferPointer { last in
          guard var fedBack = last.baseAddress else { return }
          for step in 0..<steps {
            for row in 0..<rows {
              let target = drive.base + row * depth
              for feature in 0..<inputSize {
                target[feature] = input[(step * rows + row) * inputSize + feature]
              }
              for feature in inputSize..<depth {
                target[feature] = fedBack[row * outputSize + feature - inputSize]
              }
            }
            let previous = states.base + (step & 1) * hidden.count
            let current = states.base + (1 - step & 1) * hidden.count
            run(drive.base, steps: 1, rows: rows, from: previous, into: current)
            let y = output + step * rows * outputSize
            readout.apply(to: current, drive.base, inputStride: depth, rows: rows, into: y)
            fedBack = UnsafePointer(y)
          }
        }
      }
      count = steps * rows * outputSize
    }
    hidden = Array(UnsafeBufferPointer(start: states.base + (steps & 1) * hidden.count, count: hidden.count))
    last = Array(output.suffix(rows * outputSize))
    return output
  }

  /// Contiguous rows; inputs are only read, and one kind of view serves both.
  private func matrix(_ base: UnsafePointer<Scalar>, columns: Int) -> MatrixRows<Scalar> {
    MatrixRows(base: UnsafeMutablePointer(mutating: base), rowStride: columns)
  }

  /// current ← (1 − a) · previous + a · current.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func leak(
    from previous: UnsafePointer<Scalar>, into current: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    let kept = 1 - leakRate
    for index in 0..<count { current[index] = kept * previous[index] + leakRate * current[index] }
  }
}
