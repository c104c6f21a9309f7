import BenchmarkSupport
@_spi(Benchmarks) import Recurrent

/// A drawn case as it can be called.
struct Subject {
  /// Asks the library for its plan.
  let chosenPlan: () throws -> BenchmarkPlan
  /// The plans that there are.
  let plans: [BenchmarkPlan]
  /// Prepares a call by a plan, and throws where its result is wrong.
  let checkedCall: (BenchmarkPlan) throws -> () throws -> Void

  /// Makes the layer and the input of a case.
  init(_ drawn: DrawnCase) throws {
    var generator = SeededGenerator(seed: 20)
    let (inputSize, hiddenSize, layerCount) = (drawn.inputSize, drawn.hiddenSize, drawn.layerCount)
    switch drawn.cell {
    case .rnn:
      try self.init(
        drawn,
        RNN<Float>(inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, using: &generator),
        RNN<Double>(inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount))
    case .lstm:
      try self.init(
        drawn,
        LSTM<Float>(inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, using: &generator),
        LSTM<Double>(inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount))
    case .gru:
      try self.init(
        drawn,
        GRU<Float>(inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount, using: &generator),
        GRU<Double>(inputSize: inputSize, hiddenSize: hiddenSize, layerCount: layerCount))
    }
  }

  /// Takes the layer, and one of the same form in double precision.
  private init<Layer: DifferentiableRecurrentLayer<Float>, Exact: DifferentiableRecurrentLayer<Double>>(
    _ drawn: DrawnCase, _ layer: Layer, _ exact: Exact
  ) throws {
    var generator = SeededGenerator(seed: 21)
    let x = Tensor<Float>.normal([drawn.steps, drawn.rows, drawn.inputSize], using: &generator)
    var layer = layer
    layer.backend = .swift
    layer.threadCount = drawn.threadCount
    let subject = layer
    let exact = exact.with(parametersOf: layer)
    chosenPlan = { try subject.chosenPlan(drawn.pass, steps: drawn.steps, rows: drawn.rows) }
    plans = try subject.plans(drawn.pass, steps: drawn.steps, rows: drawn.rows)
    // All plans give the same bits, so one comparison with double precision is enough.
    switch drawn.pass {
    case .forward:
      let expected = try subject(x).output
      try check(expected, Tensor<Float>(exact(Tensor(x)).output), terms: terms(subject))
      checkedCall = { plan in
        guard try subject.output(of: x, by: plan) == expected else {
          throw WrongResult("\(drawn) by \(plan): an output of other bits")
        }
        return { _ = try subject.output(of: x, by: plan) }
      }
    case .backward:
      let ones = Tensor<Float>(repeating: 1, shape: [drawn.steps, drawn.rows, drawn.hiddenSize])
      let expected = try subject.valueWithPullback(at: x).pullback(ones)
      try check(
        expected, exact.valueWithPullback(at: Tensor(x)).pullback(Tensor(ones)),
        terms: terms(subject) * drawn.layerCount)
      checkedCall = { plan in
        let pullback = try subject.pullback(at: x, by: plan)
        guard try pullback(ones) == expected else {
          throw WrongResult("\(drawn) by \(plan): gradients of other bits")
        }
        return { _ = try pullback(ones) }
      }
    }
  }
}

/// The terms of the longest sum of a time step.
private func terms(_ layer: some RecurrentLayer) -> Int {
  max(layer.inputSize, layer.hiddenSize) + layer.hiddenSize
}
