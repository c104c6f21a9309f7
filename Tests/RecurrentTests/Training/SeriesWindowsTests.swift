import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct SeriesWindowsTests {
  /// 10 steps of two features: step s is s and 100 + s.
  private let series = try? Tensor<Float>(
    (0..<10).flatMap { [Float($0), Float(100 + $0)] }, shape: [10, 2])

  private func windows(
    _ inputLength: Int, _ horizon: Int, offset: Int? = nil, features: [Int]? = nil, stride: Int = 1
  ) throws -> SeriesWindows<Float> {
    try SeriesWindows(
      #require(series), inputLength: inputLength, horizon: horizon, offset: offset,
      targetFeatures: features, stride: stride)
  }

  @Test("targets follow inputs, time-major")
  func following() throws {
    let windows = try windows(3, 2)
    #expect(windows.count == 6)
    let batch = windows.batch(of: [0, 5])
    #expect(batch.input.shape == [3, 2, 2] && batch.target.shape == [2, 2, 2])
    #expect(batch.input.scalars == [0, 100, 5, 105, 1, 101, 6, 106, 2, 102, 7, 107])
    #expect(batch.target.scalars == [3, 103, 8, 108, 4, 104, 9, 109])
  }

  @Test("batches may come first, and targets may have some of the features")
  func batchFirst() throws {
    let batch = try windows(2, 2, features: [1]).batch(of: [0, 3], batchFirst: true)
    #expect(batch.input.shape == [2, 2, 2] && batch.target.shape == [2, 2, 1])
    #expect(batch.input.scalars == [0, 100, 1, 101, 3, 103, 4, 104])
    #expect(batch.target.scalars == [102, 103, 105, 106])
  }

  @Test("with an offset of 1, every step foretells the next")
  func shifted() throws {
    let windows = try windows(4, 4, offset: 1, features: [0], stride: 2)
    #expect(windows.count == 3 && windows.firstStep(of: 2) == 4)
    let batch = windows.batch(of: [2])
    #expect(batch.input.scalars == [4, 104, 5, 105, 6, 106, 7, 107])
    #expect(batch.target.scalars == [5, 6, 7, 8])
  }

  @Test("a split keeps what is foretold in validation out of training", arguments: 1...3)
  func split(stride: Int) throws {
    let windows = try windows(2, 1, stride: stride)
    let (training, validation) = try windows.split(at: 6)
    let trained = (0..<training.count).map { training.firstStep(of: $0) }
    let validated = (0..<validation.count).map { validation.firstStep(of: $0) }
    let starts = Array(Swift.stride(from: 0, through: 7, by: stride))
    #expect(trained == starts.filter { $0 + 3 <= 6 })
    #expect(validated == starts.filter { $0 + 2 >= 6 })
    for batch in try training.batches(of: 1) {
      #expect(
        (batch.input.scalars + batch.target.scalars).allSatisfy {
          $0.truncatingRemainder(dividingBy: 100) < 6
        })
    }
    for batch in try validation.batches(of: 1) {
      #expect(batch.target.scalars.allSatisfy { $0.truncatingRemainder(dividingBy: 100) >= 6 })
    }
  }

  @Test("a fraction splits the steps, not the windows")
  func fraction() throws {
    let (training, validation) = try windows(2, 1).split(validation: 0.3)
    #expect(training.count == 5 && validation.count == 3)
    #expect(validation.batch(of: [0]).target.scalars == [7, 107])
  }

  @Test("batches cover every window once, the last with what is left")
  func batches() throws {
    let windows = try windows(3, 1, features: [0])
    let inOrder = Array(try windows.batches(of: 3))
    #expect(inOrder.map { $0.input.shape[1] } == [3, 3, 1])
    #expect(inOrder.flatMap(\.target.scalars) == [3, 4, 5, 6, 7, 8, 9])
    var generator = SeededGenerator(seed: 3)
    let shuffled = try windows.batches(of: 3, using: &generator).flatMap(\.target.scalars)
    #expect(shuffled != inOrder.flatMap(\.target.scalars))
    #expect(shuffled.sorted() == inOrder.flatMap(\.target.scalars))
  }

  @Test("what makes no windows throws")
  func refused() throws {
    let series = try #require(series)
    for (inputLength, horizon, offset, stride) in [
      (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, -1, 1), (1, 1, 1, 0), (10, 1, nil, 1), (1, 11, 0, 1),
      (Int.max, Int.max, Int.max, 1), (1, 1, Int.max, 1),
    ] as [(Int, Int, Int?, Int)] {
      #expect(throws: RecurrentError.self) {
        try SeriesWindows(series, inputLength: inputLength, horizon: horizon, offset: offset, stride: stride)
      }
    }
    #expect(throws: RecurrentError.self) {
      try SeriesWindows(series, inputLength: 1, horizon: 1, targetFeatures: [2])
    }
    #expect(throws: RecurrentError.self) {
      try SeriesWindows(Tensor<Float>([1, 2, 3]), inputLength: 1, horizon: 1)
    }
    let windows = try windows(3, 2)
    for step in [-1, 0, 4, 9, 10, Int.max] {
      #expect(throws: RecurrentError.self) { try windows.split(at: step) }
    }
    for fraction in [0, 1, -0.1, Double.nan] {
      #expect(throws: RecurrentError.self) { try windows.split(validation: fraction) }
    }
    #expect(throws: RecurrentError.self) { try windows.batches(of: 0) }
  }
}

@Suite struct MiniBatchesTests {
  @Test("a seed gives one order, with every version of Swift")
  func reproducible() throws {
    var generator = SeededGenerator(seed: 42)
    // By hand: Fisher and Yates's shuffle with the high halves of the generator's numbers times 8,
    // 7, …, 2.
    var source = SeededGenerator(seed: 42)
    var expected = Array(0..<8)
    for last in (1...7).reversed() {
      let product = source.next().multipliedFullWidth(by: UInt64(last) + 1)
      expected.swapAt(last, Int(product.high))
    }
    let batches = try MiniBatches(count: 8, size: 3, using: &generator)
    #expect(Array(batches).map(\.count) == [3, 3, 2])
    #expect(batches.flatMap { $0 } == expected)
    #expect(batches.underestimatedCount == 3)
    #expect(generator == source)
  }

  @Test("every order of four is as likely as the others")
  func uniform() throws {
    var generator = SeededGenerator(seed: 1)
    var counts: [[Int]: Int] = [:]
    let trials = 24_000
    for _ in 0..<trials {
      counts[try MiniBatches(count: 4, size: 4, using: &generator).flatMap { $0 }, default: 0] += 1
    }
    #expect(counts.count == 24)
    let bound = Tolerance.share(probability: 1 / 24, trials: trials)
    for count in counts.values {
      #expect((Double(count) / Double(trials) - 1 / 24).magnitude < bound)
    }
  }

  @Test("no sample makes no batch, and sizes out of range throw")
  func ends() throws {
    #expect(Array(try MiniBatches(count: 0, size: 3)).isEmpty)
    #expect(Array(try MiniBatches(count: 2, size: .max)) == [[0, 1]])
    #expect(throws: RecurrentError.self) { try MiniBatches(count: -1, size: 1) }
    #expect(throws: RecurrentError.self) { try MiniBatches(count: 1, size: 0) }
  }

  @Test("slices are selected along any axis")
  func selecting() throws {
    let x = try Tensor<Double>((0..<12).map { Double($0) }, shape: [2, 3, 2])
    #expect(try x.selecting([1]) == x[1...])
    #expect(try x.selecting([2, 0, 2], axis: 1).scalars == [4, 5, 0, 1, 4, 5, 10, 11, 6, 7, 10, 11])
    #expect(try x.selecting([1], axis: -1).shape == [2, 3, 1])
    #expect(try x.selecting([]).shape == [0, 3, 2])
    #expect(throws: RecurrentError.invalidAxis(3, shape: x.shape)) { try x.selecting([0], axis: 3) }
    #expect(throws: RecurrentError.self) { try x.selecting([2]) }
    #expect(throws: RecurrentError.self) { try x.selecting([-1]) }
    #expect(throws: RecurrentError.self) { try Tensor<Double>(1).selecting([0]) }
  }
}
