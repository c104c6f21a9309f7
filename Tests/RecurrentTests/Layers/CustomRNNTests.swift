import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Cells that users write, on the driver of all layers.
@Suite struct CustomRNNTests {
  /// The gated recurrent unit, written as a user would.
  private struct CustomGRU: DifferentiableCustomCell {
    var gateCount: Int { 3 }
    var keptVectorCount: Int { 1 }

    func forward(_ row: CustomCellRow<Double>) {
      let (r, z, n, sum) = (row.gate(0), row.gate(1), row.gate(2), row.kept(0))
      for u in 0..<row.hiddenSize {
        r[u] += row.recurrentSum(0)[u]
        z[u] += row.recurrentSum(1)[u]
        sum[u] = row.recurrentSum(2)[u]
      }
      row.functions.sigmoid(r)
      row.functions.sigmoid(z)
      for u in 0..<row.hiddenSize { n[u] += r[u] * sum[u] }
      row.functions.tanh(n)
      for u in 0..<row.hiddenSize { row.output[u] = (1 - z[u]) * n[u] + z[u] * row.state[u] }
    }

    func backward(_ row: CustomCellRowGradient<Double>) {
      let (r, z, n, sum) = (row.gate(0), row.gate(1), row.gate(2), row.kept(0))
      for u in 0..<row.hiddenSize {
        let dh = row.outputGradient[u]
        let dn = dh * (1 - z[u]) * (1 - n[u] * n[u])
        let dr = dn * sum[u] * r[u] * (1 - r[u])
        let dz = dh * (row.state[u] - n[u]) * z[u] * (1 - z[u])
        for (gate, gradient) in [dr, dz, dn].enumerated() { row.gateGradient(gate)[u] = gradient }
        for (gate, gradient) in [dr, dz, dn * r[u]].enumerated() {
          row.recurrentSumGradient(gate)[u] = gradient
        }
        row.stateGradient[u] += dh * z[u]
      }
    }
  }

  @Test(
    "a GRU written as a custom cell gives the results and gradients of the GRU",
    arguments: Directions.allCases)
  func sameAsGRU(directions: Directions) throws {
    var generator = SeededGenerator(seed: 1)
    let gru = GRU<Double>(
      inputSize: 3, hiddenSize: 7, layerCount: 2, directions: directions, using: &generator)
    var custom = CustomRNN(CustomGRU(), inputSize: 3, hiddenSize: 7, layerCount: 2, directions: directions)
    try custom.load(gru.stateDictionary)
    let x = try PackedSequence(
      [4, 2, 5].map { Tensor<Double>.uniform([$0, 3], in: -1...1, using: &generator) })
    let state = Tensor<Double>.uniform([2 * directions.count, 3, 7], in: -1...1, using: &generator)
    let gradient = Tensor<Double>.uniform([11, 7 * directions.count], in: -1...1, using: &generator)
    for backend in Backend.available {
      var (gru, custom) = (gru, custom)
      gru.backend = backend
      custom.backend = backend
      let expected = try gru.valueWithPullback(at: x, from: state)
      let actual = try custom.valueWithPullback(at: x, from: CustomState(hidden: state))
      let (a, b) = (try actual.pullback(gradient), try expected.pullback(gradient))
      #expect(actual.finalState.memory == nil && a.initialState.memory == nil)
      let bound = Tolerance.pathBound(
        depth: 2 * (5 + 2), termCount: 4 * (14 + 7) + 11, weightNorm: 7 / 7.0.squareRoot(), magnitude: 10)
      func check(_ actual: Tensor<Double>, _ expected: Tensor<Double>, _ name: String) {
        #expect(actual.shape == expected.shape)
        expectClose(
          actual, expected.scalars, bound: Array(repeating: bound, count: expected.scalars.count),
          "\(name) on \(backend)")
      }
      check(actual.output.data, expected.output.data, "output")
      check(actual.finalState.hidden, expected.finalState, "final state")
      check(a.input, b.input, "input")
      check(a.initialState.hidden, b.initialState, "initial state")
      for (key, value) in a.stateDictionary {
        check(value, try #require(b.stateDictionary[key]), key)
      }
    }
  }

  @Test("the example's derivative is the central difference of its formula")
  func exampleDerivative() throws {
    var generator = SeededGenerator(seed: 3)
    let layer = CustomRNN(
      MinimalGatedUnit<Double>(), inputSize: 2, hiddenSize: 4, layerCount: 2, using: &generator)
    let x = Tensor<Double>.uniform([3, 2, 2], in: -1...1, using: &generator)
    let weight = Tensor<Double>.uniform([3, 2, 4], in: -1...1, using: &generator)
    let call = try layer.valueWithPullback(at: x)
    let gradients = try call.pullback(weight)
    func loss(_ layer: CustomRNN<MinimalGatedUnit<Double>>, _ x: Tensor<Double>) throws -> Double {
      zip(try layer(x).output.scalars, weight.scalars).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let bound = Tolerance.centralDifference(terms: 3 * 2 * 4)
    func check(_ gradient: Double, _ name: String, _ loss: (Double) throws -> Double) rethrows {
      let step = Tolerance.differenceStep
      expectClose(
        Tensor(gradient), [(try loss(step) - loss(-step)) / (2 * step)], bound: [bound], name)
    }
    for index in x.scalars.indices {
      try check(gradients.input.scalars[index], "x[\(index)]") { change in
        var moved = x
        moved.scalars[index] += change
        return try loss(layer, moved)
      }
    }
    let dictionary = layer.stateDictionary
    for (key, gradient) in gradients.stateDictionary {
      for index in gradient.scalars.indices {
        try check(gradient.scalars[index], "\(key)[\(index)]") { change in
          var (moved, parameters) = (layer, dictionary)
          parameters[key]?.scalars[index] += change
          try moved.load(parameters)
          return try loss(moved, x)
        }
      }
    }
  }

  @Test("a cell without a derivative runs, and prints what it is")
  func inferenceOnly() throws {
    struct Leaky: CustomCell {
      var gateCount: Int { 1 }
      var unitParameters: [Float] { [0.5] }

      func forward(_ row: CustomCellRow<Float>) {
        let n = row.gate(0)
        for u in 0..<row.hiddenSize { n[u] += row.recurrentSum(0)[u] }
        row.functions.tanh(n)
        let leak = row.unitParameter(0)
        for u in 0..<row.hiddenSize { row.output[u] = leak[u] * n[u] + (1 - leak[u]) * row.state[u] }
      }
    }
    let layer = CustomRNN(Leaky(), inputSize: 2, hiddenSize: 3, bias: false)
    #expect(layer.description == "CustomRNN(Leaky, 2, 3, bias=False)")
    #expect(layer.stateDictionary.keys == ["weight_ih_l0", "weight_hh_l0", "weight_unit_l0"])
    #expect(layer.parameters[0].weightUnit == Tensor(repeating: 0.5, shape: [1, 3]))
    var rnn = RNN<Float>(inputSize: 2, hiddenSize: 3, bias: false)
    (rnn.parameters[0].weightIH, rnn.parameters[0].weightHH) = (
      layer.parameters[0].weightIH, layer.parameters[0].weightHH
    )
    let x = Tensor<Float>.normal([1, 4, 2])
    // From a state of zeros, half of what a plain layer gives.
    let (half, whole) = (try layer(x).output, try rnn(x).output)
    for (a, b) in zip(half.scalars, whole.scalars) { #expect(a == 0.5 * b) }
  }

  @Test("sizes, states and parameters that do not fit are errors with what was expected")
  func errors() throws {
    struct Strange: CustomCell {
      var gateCount = 1
      var keptVectorCount = 0
      func forward(_ row: CustomCellRow<Float>) {}
    }
    let x = Tensor<Float>.zeros([2, 1, 3])
    for cell in [Strange(gateCount: 0), Strange(gateCount: 5000), Strange(keptVectorCount: -1)] {
      let error = #expect(throws: RecurrentError.self) {
        try CustomRNN(cell, inputSize: 3, hiddenSize: 4)(x)
      }
      #expect(error?.description.contains("Count") == true)
    }
    let layer = CustomRNN(Strange(), inputSize: 3, hiddenSize: 4)
    let state = Tensor<Float>.zeros([1, 1, 4])
    let memory = #expect(throws: RecurrentError.self) {
      try layer(x, CustomState(hidden: state, memory: state))
    }
    #expect(memory?.description.contains("initialState.memory") == true)
    var normalized = CustomRNN(LayerNormalizedLSTM<Float>(), inputSize: 3, hiddenSize: 4)
    normalized.parameters[0].weightUnit = nil
    let missing = #expect(throws: RecurrentError.self) { try normalized(x) }
    #expect(missing?.description.contains("weight_unit") == true)
    normalized.parameters[0].weightUnit = .zeros([17, 4])
    #expect(throws: RecurrentError.self) { try normalized(x) }
  }
}
