import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Parameters to the layouts of Keras and ONNX, and back.
@Suite struct ForeignWeightsTests {
  private static let gateCounts = [1, 3, 4]

  /// Parameters whose numbers are all different, with zeros of both signs among the biases.
  private func cell(gates: Int, inputSize: Int = 2, hiddenSize: Int = 3, bias: Bool = true) -> CellParameters<
    Float
  > {
    var generator = SeededGenerator(seed: UInt64(gates))
    func draw(_ shape: Shape) -> Tensor<Float> { .normal(shape, using: &generator) }
    let sums = gates * hiddenSize
    var cell = CellParameters(weightIH: draw([sums, inputSize]), weightHH: draw([sums, hiddenSize]))
    guard bias else { return cell }
    cell.biasIH = draw([sums])
    cell.biasHH = draw([sums])
    cell.biasIH?.scalars[0] = -0.0
    cell.biasHH?.scalars[1] = -0.0
    return cell
  }

  private func expectSame(_ a: CellParameters<Float>, _ b: CellParameters<Float>) {
    let (a, b) = (a.stateDictionary, b.stateDictionary)
    #expect(a.keys == b.keys)
    for (key, tensor) in a { expectBitwiseEqual(tensor, b[key] ?? .zeros([0]), key) }
  }

  @Test("rows go to the place of their gate in every pair of orders")
  func orders() throws {
    let letters: [GateOrder: [Int: String]] = [
      .pyTorch: [1: "h", 3: "rzn", 4: "ifgo"], .keras: [1: "h", 3: "zrn", 4: "ifgo"],
      .onnx: [1: "h", 3: "zrn", 4: "iofg"],
    ]
    func rows(_ order: GateOrder, _ gates: Int) throws -> Tensor<Float> {
      let codes = try #require(letters[order]?[gates]).unicodeScalars.map { Float($0.value) }
      return try Tensor(codes.flatMap { [$0, $0 + 0.25, $0 + 0.5, $0 + 0.75] }, shape: [2 * gates, 2])
    }
    for gates in Self.gateCounts {
      for from in GateOrder.allCases {
        for to in GateOrder.allCases {
          let actual = try from.reordering(rows(from, gates), gateCount: gates, to: to)
          #expect(try actual == rows(to, gates), "\(from) to \(to)")
        }
      }
    }
  }

  @Test("parameters come back from ONNX bit for bit", arguments: gateCounts, [true, false])
  func onnxRoundTrip(gates: Int, bias: Bool) throws {
    let forward = cell(gates: gates, bias: bias)
    var reverse = forward
    reverse.weightIH.scalars.reverse()
    for cells in [[forward], [forward, reverse]] {
      let weights = try ONNXWeights(cells)
      #expect(weights.weight.shape == [cells.count, 3 * gates, 2])
      #expect(weights.recurrenceWeight.shape == [cells.count, 3 * gates, 3])
      #expect(weights.bias?.shape == (bias ? [cells.count, 6 * gates] : nil))
      #expect(weights.directions.count == cells.count)
      let copies = try weights.cells()
      #expect(copies.count == cells.count)
      for (copy, cell) in zip(copies, cells) { expectSame(copy, cell) }
      #expect(try ONNXWeights(copies) == weights)
    }
  }

  @Test("a bias on one side only is one of zeros on the other in ONNX")
  func onnxWithOneBias() throws {
    var cell = cell(gates: 4)
    cell.biasHH = nil
    let copy = try #require(try ONNXWeights([cell]).cells().first)
    cell.biasHH = .zeros([12])
    expectSame(copy, cell)
  }

  @Test(
    "parameters come back from Keras bit for bit, with one bias for two but in a GRU", arguments: gateCounts,
    [true, false])
  func kerasRoundTrip(gates: Int, bias: Bool) throws {
    let original = cell(gates: gates, bias: bias)
    let weights = try KerasWeights(original)
    #expect(weights.kernel.shape == [2, 3 * gates] && weights.recurrentKernel.shape == [3, 3 * gates])
    #expect(weights.bias?.shape == (bias ? gates == 3 ? [2, 9] : [3 * gates] : nil))
    var expected = original
    if bias, gates != 3, let input = original.biasIH, let recurrent = original.biasHH {
      expected.biasIH = Tensor(zip(input.scalars, recurrent.scalars).map { $0 + $1 })
      expected.biasHH = .zeros(input.shape)
    }
    expectSame(try CellParameters(weights), expected)
  }

  @Test(
    "weights of Keras come back from parameters bit for bit, zeros with their signs", arguments: gateCounts)
  func kerasWeightsRoundTrip(gates: Int) throws {
    var generator = SeededGenerator(seed: 5)
    var weights = KerasWeights<Float>(
      kernel: .normal([2, 3 * gates], using: &generator),
      recurrentKernel: .normal([3, 3 * gates], using: &generator),
      bias: .normal(gates == 3 ? [2, 9] : [3 * gates], using: &generator))
    weights.bias?.scalars[1] = -0.0
    let copy = try KerasWeights(CellParameters(weights))
    expectBitwiseEqual(copy.kernel, weights.kernel, "kernel")
    expectBitwiseEqual(copy.recurrentKernel, weights.recurrentKernel, "recurrent kernel")
    expectBitwiseEqual(try #require(copy.bias), try #require(weights.bias), "bias")
  }

  @Test("weights of shapes that do not fit together are refused by name")
  func wrongShapes() throws {
    func expectMismatch<Result>(_ argument: String, _ body: () throws -> Result) {
      #expect {
        _ = try body()
      } throws: {
        guard case .shapeMismatch(argument, _, _) = $0 as? RecurrentError else { return false }
        return true
      }
    }
    func zeros(_ shape: Shape) -> Tensor<Float> { .zeros(shape) }
    func keras(_ kernel: Shape, _ recurrent: Shape, _ bias: Shape? = nil) throws -> CellParameters<Float> {
      try CellParameters(
        KerasWeights(kernel: zeros(kernel), recurrentKernel: zeros(recurrent), bias: bias.map(zeros)))
    }
    expectMismatch("kernel") { try keras([12], [3, 12]) }
    expectMismatch("kernel") { try keras([2, 9], [3, 12]) }
    expectMismatch("recurrent_kernel") { try keras([2, 12], [12]) }
    expectMismatch("recurrent_kernel") { try keras([2, 6], [3, 6]) }
    expectMismatch("recurrent_kernel") { try keras([2, 0], [0, 0]) }
    expectMismatch("bias") { try keras([2, 12], [3, 12], [2, 12]) }
    // A GRU with reset_after=False.
    expectMismatch("bias") { try keras([2, 9], [3, 9], [9]) }

    func onnx(_ w: Shape, _ r: Shape, _ b: Shape? = nil) throws -> [CellParameters<Float>] {
      try ONNXWeights(weight: zeros(w), recurrenceWeight: zeros(r), bias: b.map(zeros)).cells()
    }
    expectMismatch("W") { try onnx([12, 2], [12, 3]) }
    expectMismatch("W") { try onnx([3, 12, 2], [3, 12, 3]) }
    expectMismatch("W") { try onnx([0, 12, 2], [0, 12, 3]) }
    expectMismatch("R") { try onnx([1, 12, 2], [2, 12, 3]) }
    expectMismatch("R") { try onnx([1, 12, 2], [1, 9, 3]) }
    expectMismatch("R") { try onnx([1, 12, 2], [1, 12, 5]) }
    expectMismatch("R") { try onnx([1, 12, 2], [12, 3]) }
    expectMismatch("B") { try onnx([1, 12, 2], [1, 12, 3], [1, 12]) }

    let good = cell(gates: 4)
    for (name, change) in [
      ("weight_ih", { $0.weightIH = .zeros([9, 2]) }), ("weight_ih", { $0.weightIH = .zeros([12]) }),
      ("weight_hh", { $0.weightHH = .zeros([12, 5]) }), ("weight_hh", { $0.weightHH = .zeros([12]) }),
      ("bias_ih", { $0.biasIH = .zeros([9]) }), ("bias_hh", { $0.biasHH = .zeros([12, 1]) }),
    ] as [(String, (inout CellParameters<Float>) -> Void)] {
      var bad = good
      change(&bad)
      expectMismatch(name) { try KerasWeights(bad) }
      expectMismatch(name) { try ONNXWeights([bad]) }
      expectMismatch(name) { try ONNXWeights([good, bad]) }
    }
    expectMismatch("weight_ih_reverse") { try ONNXWeights([good, cell(gates: 4, inputSize: 5)]) }
    expectMismatch("weight_ih_reverse") { try ONNXWeights([good, cell(gates: 3)]) }
    expectMismatch("tensor") { try GateOrder.onnx.reordering(zeros([7, 2]), gateCount: 4, to: .keras) }
    expectMismatch("tensor") { try GateOrder.onnx.reordering(Tensor<Float>(1), gateCount: 1, to: .keras) }
  }

  @Test("other numbers of gates and of directions, and projections, are refused")
  func otherCells() throws {
    let zeros = Tensor<Float>.zeros([6, 2])
    for count in [-1, 0, 2, 5] {
      #expect(throws: RecurrentError.invalidSize(argument: "gateCount", expected: "1, 3 or 4", actual: count))
      {
        try GateOrder.onnx.reordering(zeros, gateCount: count, to: .pyTorch)
      }
    }
    let good = cell(gates: 4)
    for count in [0, 3] {
      let error = RecurrentError.invalidSize(
        argument: "cells", expected: "1, or 2 for both directions", actual: count)
      #expect(throws: error) { try ONNXWeights(Array(repeating: good, count: count)) }
    }
    let projected = LSTM<Float>(inputSize: 2, hiddenSize: 3, projectionSize: 1).parameters[0]
    let error = RecurrentError.invalidValue(
      argument: "weight_hr", expected: "a cell without projection", actual: "one with a projection")
    #expect(throws: error) { try KerasWeights(projected) }
    #expect(throws: error) { try ONNXWeights([projected]) }
  }
}
