import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct RNNCellTests {
  @Test("a loop of one cell over ten steps of three rows")
  func loop() throws {
    let cell = RNNCell<Float>(inputSize: 100, hiddenSize: 20)
    let x = Tensor<Float>.normal([10, 3, 100])
    var h = Tensor<Float>.zeros([3, 20])
    for xt in x { h = try cell(xt, h) }
    #expect(h.shape == [3, 20])
    #expect(h.scalars.allSatisfy { $0.magnitude <= 1 })
  }

  @Test("two cells in a chain, 100 to 30 to 20")
  func chain() throws {
    let first = RNNCell<Float>(inputSize: 100, hiddenSize: 30)
    let second = RNNCell<Float>(inputSize: 30, hiddenSize: 20)
    var h1 = Tensor<Float>.zeros([3, 30])
    var h2 = Tensor<Float>.zeros([3, 20])
    for xt in Tensor<Float>.normal([10, 3, 100]) {
      h1 = try first(xt, h1)
      h2 = try second(h1, h2)
    }
    #expect(h1.shape == [3, 30])
    #expect(h2.shape == [3, 20])
  }

  @Test("a cell prints as PyTorch prints it")
  func description() {
    #expect(RNNCell<Float>(inputSize: 10, hiddenSize: 20).description == "RNNCell(10, 20)")
    #expect(
      RNNCell<Float>(inputSize: 10, hiddenSize: 20, bias: false, nonlinearity: .relu).description
        == "RNNCell(10, 20, bias=False, nonlinearity=relu)")
  }

  @Test("a cell equals the reference, batched, unbatched and without a state", arguments: Backend.available)
  func reference(backend: Backend) throws {
    for nonlinearity in Nonlinearity.allCases {
      for bias in [true, false] {
        var generator = SeededGenerator(seed: 9)
        var cell = RNNCell<Double>(
          inputSize: 9, hiddenSize: 13, bias: bias, nonlinearity: nonlinearity, using: &generator)
        cell.backend = backend
        let x = Tensor<Double>.uniform([5, 9], in: -1...1, using: &generator)
        let h = Tensor<Double>.uniform([5, 13], in: -1...1, using: &generator)
        let expectation = Expectation(
          [cell.parameters], nonlinearity: nonlinearity, input: x.scalars, steps: 1, rows: 5,
          initialState: h.scalars, Double.self)
        let context = "\(cell) on \(backend)"
        let output = try cell(x, h)
        expectClose(output, expectation.output, bound: expectation.bound.output, context)
        let row = try cell(x[3], h[3])
        #expect(row.shape == [13])
        let range = 39..<52
        expectClose(
          row, Array(expectation.output[range]), bound: Array(expectation.bound.output[range]), context)
        expectBitwiseEqual(try cell(x), try cell(x, .zeros([5, 13])), context)
      }
    }
  }

  @Test("an empty batch gives an empty state", arguments: Backend.available)
  func emptyBatch(backend: Backend) throws {
    var cell = RNNCell<Double>(inputSize: 3, hiddenSize: 4)
    cell.backend = backend
    #expect(try cell(.zeros([0, 3]), .zeros([0, 4])).shape == [0, 4])
  }

  @Test(
    "an input of another shape throws what was expected and what came",
    arguments: [[], [4], [2, 4], [1, 2, 3]])
  func inputShape(dimensions: [Int]) {
    let cell = RNNCell<Float>(inputSize: 3, hiddenSize: 4)
    let error = #expect(throws: RecurrentError.self) { try cell(.zeros(Shape(dimensions))) }
    #expect(
      error
        == .shapeMismatch(argument: "input", expected: "[B, 3] or [3]", actual: Shape(dimensions)))
    #expect(
      error?.description == "input: expected [B, 3] or [3], got the shape \(Shape(dimensions))")
  }

  @Test("a state of another shape throws", arguments: [[4], [3, 4], [2, 3], [1, 2, 4]])
  func stateShape(dimensions: [Int]) {
    let cell = RNNCell<Float>(inputSize: 3, hiddenSize: 4)
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "state", expected: "[2, 4]", actual: Shape(dimensions))
    ) {
      try cell(.zeros([2, 3]), .zeros(Shape(dimensions)))
    }
  }

  @Test(
    "a size out of range makes no cell that traps, and each call throws",
    arguments: [(0, 4), (3, 0), (-1, 4), (3, -1), (Int.max, 4), (3, Int.max), (Int.min, Int.min)])
  func sizes(inputSize: Int, hiddenSize: Int) {
    let cell = RNNCell<Float>(inputSize: inputSize, hiddenSize: hiddenSize)
    let input = Tensor<Float>.zeros([2, 3])
    #expect(cell.parameters.weightIH.shape == [0, 0])
    #expect(throws: RecurrentError.self) { try cell(input) }
    // Nor does what such a cell hands out make it usable.
    var copy = cell
    copy.parameters = cell.parameters
    #expect(throws: RecurrentError.self) { try copy(input) }
  }

  @Test("a misshapen parameter throws its name at the next call")
  func misshapen() {
    var cell = RNNCell<Float>(inputSize: 3, hiddenSize: 4)
    cell.parameters.biasHH = .zeros([5])
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "parameters[0].bias_hh", expected: "[4]", actual: [5])
    ) {
      try cell(.zeros([2, 3]))
    }
  }

  @Test("changing a copy's parameters leaves the original as it was")
  func copies() throws {
    let original = RNNCell<Float>(inputSize: 3, hiddenSize: 4)
    let input = Tensor<Float>(repeating: 0.5, shape: [2, 3])
    let before = try original(input)
    var copy = original
    copy.parameters.weightIH = .zeros([4, 3])
    #expect(try copy(input) != before)
    expectBitwiseEqual(try original(input), before, "the original")
  }
}
