// Loops over all scalars of gradients, a block after the other, on all threads.

extension Execution {
  /// How work on gradients is run. Nothing of it can fail, so that an override which is not
  /// understood, and which every layer refuses, makes it run on one thread.
  static var ofGradients: Execution {
    (try? Execution(resolving: .automatic, threadCount: nil)) ?? Execution(backend: .swift)
  }
}

extension Tensor {
  /// The scalars of a block of a loop: the order of a sum depends on it.
  private static var scalarsPerBlock: Int { 4096 }

  /// Calls `body` with the memory of blocks and where they stand, side by side on threads where
  /// there are many.
  mutating func forEachBlock(
    _ execution: Execution, _ body: (UnsafeMutablePointer<Scalar>, Range<Int>) -> Void
  ) {
    scalars.withUnsafeMutableBufferPointer { scalars in
      guard let base = scalars.baseAddress else { return }
      Self.forEachBlock(of: scalars.count, execution) { body(base + $1.lowerBound, $1) }
    }
  }

  /// The sum of the squares in `Double`.
  func sumOfSquares(_ execution: Execution) -> Double {
    let blocks = (scalars.count + Self.scalarsPerBlock - 1) / Self.scalarsPerBlock
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { sums in
      scalars.withUnsafeBufferPointer { scalars in
        guard let base = scalars.baseAddress, let sums = sums.baseAddress else { return }
        Self.forEachBlock(of: scalars.count, execution) {
          sums[$0] = GradientLoop.sumOfSquares(base + $1.lowerBound, $1.count)
        }
      }
      return sums.reduce(0, +)
    }
  }

  /// Calls `body` with the number and the place of every block.
  private static func forEachBlock(
    of count: Int, _ execution: Execution, _ body: (Int, Range<Int>) -> Void
  ) {
    let bytes = Double(2 * count * MemoryLayout<Scalar>.size)
    execution.forEachPart(
      of: (count + scalarsPerBlock - 1) / scalarsPerBlock,
      nanoseconds: bytes / ProcessorCosts.bandwidth(ofBytes: bytes)
    ) { part in
      for block in part {
        let start = block * scalarsPerBlock
        body(block, start..<Swift.min(count, start + scalarsPerBlock))
      }
    }
  }
}

/// What is done with a block of gradients.
enum GradientLoop<Scalar: TensorScalar> {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func add(_ addend: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, _ count: Int) {
    for index in 0..<count { target[index] += addend[index] }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func scale(_ target: UnsafeMutablePointer<Scalar>, _ count: Int, by factor: Scalar) {
    for index in 0..<count { target[index] *= factor }
  }

  /// NaN stays.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func clamp(_ target: UnsafeMutablePointer<Scalar>, _ count: Int, to limit: Scalar) {
    for index in 0..<count {
      let value = target[index]
      let bounded = value > limit ? limit : value
      target[index] = bounded < -limit ? -limit : bounded
    }
  }

  /// In 8 lanes, and then the upper half of the lanes to the lower half.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func sumOfSquares(_ source: UnsafePointer<Scalar>, _ count: Int) -> Double {
    var sums = SIMD8<Double>()
    var index = 0
    while index + 8 <= count {
      for lane in 0..<8 {
        let value = Double(source[index + lane])
        sums[lane] += value * value
      }
      index += 8
    }
    for lane in 0..<(count - index) {
      let value = Double(source[index + lane])
      sums[lane] += value * value
    }
    let four = sums.lowHalf + sums.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
  }
}
