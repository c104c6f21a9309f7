import Testing

@testable import Recurrent

/// Beside a size of 0, a file may state any other: such tensors have no elements, and what is done
/// to them must end.
@Suite("Sizes beside a size of 0", .timeLimit(.minutes(1))) struct UncountableSizesTests {
  private static let shapes: [Shape] = [
    [0, 1 << 62], [1 << 62, 0], [.max, 0], [0, .max], [1, 0, 1 << 62], [1 << 62, 1, 0], [0, 1 << 61, 2],
    [1 << 60, 0, 4], [1 << 40, 1 << 20, 0],
  ]

  @Test func shapesThatCannotBeAreNone() {
    #expect(
      Shape(exactly: [.max, 2]) == nil && Shape(exactly: [0, .max, 2]) == nil && Shape(exactly: [-1]) == nil)
    #expect(
      Shape(exactly: [2, 3]) == [2, 3] && Shape(exactly: []) == [] && Shape(exactly: [0, .max]) != nil)
  }

  @Test(arguments: shapes) func tensorsAreShownTurnedAndSelectedFrom(shape: Shape) throws {
    let tensor = Tensor<Float>.zeros(shape)
    #expect(tensor.description.utf8.count < 1000)
    let turned = try tensor.transposed()
    #expect(turned.shape.dimensions == [shape[1], shape[0]] + shape.dimensions.dropFirst(2))
    for axis in 0..<shape.rank where shape[axis] > 0 {
      #expect(try tensor.selecting([0], axis: axis).shape[axis] == 1)
      #expect(try tensor.selecting([], axis: axis).shape[axis] == 0)
    }
    #expect(try tensor.reshaped(to: [0, 3]).shape == [0, 3])
    #expect(try Tensor<Float>.stack([tensor]).shape.dimensions == [1] + shape.dimensions)
  }

  @Test(arguments: shapes) func weightsAreRefused(shape: Shape) throws {
    let tensor = Tensor<Float>.zeros(shape)
    for other in Self.shapes + [[4, 1], [1, 1], [3, 1], [1]] {
      let second = Tensor<Float>.zeros(other)
      let parameters = CellParameters(weightIH: tensor, weightHH: second, biasIH: tensor)
      let calls: [() throws -> Void] = [
        { _ = try RNN<Float>(stateDictionary: ["weight_ih_l0": tensor, "weight_hh_l0": second]) },
        { _ = try LSTM<Float>(stateDictionary: ["weight_ih_l0": second, "weight_hh_l0": tensor]) },
        {
          _ = try LSTM<Float>(
            stateDictionary: ["weight_ih_l0": tensor, "weight_hh_l0": second, "weight_hr_l0": tensor])
        },
        { _ = try GRUCell<Float>(stateDictionary: ["weight_ih": tensor, "weight_hh": second]) },
        {
          _ = try CellParameters(KerasWeights(kernel: tensor, recurrentKernel: second, bias: tensor))
        },
        { _ = try KerasWeights(parameters) },
        { _ = try ONNXWeights(weight: tensor, recurrenceWeight: second, bias: tensor).cells() },
        { _ = try ONNXWeights([parameters]) },
        {
          var linear = Linear<Float>(inputSize: 1, outputSize: 1);
          try linear.load(["weight": tensor, "bias": second])
        },
      ]
      for (index, call) in calls.enumerated() {
        #expect(throws: RecurrentError.self, "\(index): \(shape) and \(other)") { try call() }
      }
    }
  }

  @Test(arguments: shapes) func reservoirsRefuseThem(shape: Shape) throws {
    var generator = SeededGenerator(seed: 1)
    let tensor = Tensor<Float>.zeros(shape)
    for inputSize in [0, 4] {
      var network = try EchoStateNetwork<Float>(
        inputSize: inputSize, hiddenSize: 5, leakRate: 0.5, using: &generator)
      network.readout = .init(weight: .zeros([1, 5 + inputSize]), bias: .zeros([1]))
      let state = EchoStateNetwork<Float>.State(hidden: tensor, output: tensor)
      #expect(throws: RecurrentError.self) { try network.fit(tensor, input: tensor) }
      #expect(throws: RecurrentError.self) { try network.follow(tensor, input: tensor) }
      #expect(throws: RecurrentError.self) { try network.generate(3, from: state) }
      #expect(throws: RecurrentError.self) { try network(tensor, from: state) }
    }
  }

  @Test func windowsOverSeriesWithoutFeaturesAreSplitAtOnce() throws {
    let windows = try SeriesWindows(Tensor<Float>.zeros([.max, 0]), inputLength: 2, horizon: 1)
    let (training, validation) = try windows.split(at: 1 << 60)
    #expect(training.count == (1 << 60) - 2 && validation.firstStep(of: 0) == (1 << 60) - 2)
    #expect(throws: RecurrentError.self) { try windows.split(at: .min) }
    #expect(throws: RecurrentError.self) { try windows.split(at: .max) }
    #expect(throws: RecurrentError.self) {
      try SeriesWindows(Tensor<Float>.zeros([0, .max]), inputLength: 2, horizon: 1)
    }
  }
}
