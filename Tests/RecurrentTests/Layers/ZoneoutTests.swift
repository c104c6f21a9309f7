import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Zoneout and variational dropout against their definitions.
@Suite struct ZoneoutTests {
  /// Layers with zoneout of half of all states, to ask them the same questions.
  enum Kind: String, CaseIterable, Sendable {
    case lstm, projected, gru

    fileprivate func layer(
      directions: Directions = .forward, layerCount: Int = 2,
      _ zoneout: Zoneout = Zoneout(hidden: 0.5, memory: 0.4)
    ) -> SequenceLayer<Double> {
      var generator = SeededGenerator(seed: 2)
      switch self {
      case .lstm, .projected:
        return SequenceLayer(
          LSTM<Double>(
            inputSize: 3, hiddenSize: 5, layerCount: layerCount, zoneout: zoneout, directions: directions,
            projectionSize: self == .projected ? 4 : nil, using: &generator))
      case .gru:
        return SequenceLayer(
          GRU<Double>(
            inputSize: 3, hiddenSize: 5, layerCount: layerCount, zoneout: zoneout.hidden,
            directions: directions, using: &generator))
      }
    }
  }

  private let noise = TrainingNoise(probability: 0.3, key: 12)

  @Test("a call without a generator mixes the old and the new state by the probabilities")
  func expectation() throws {
    var generator = SeededGenerator(seed: 5)
    let x = Tensor<Double>.uniform([6, 2, 3], in: -1...1, using: &generator)
    let lstm = LSTM<Double>(inputSize: 3, hiddenSize: 5, zoneout: Zoneout(hidden: 0.2, memory: 0.7))
    var cell = LSTMCell<Double>(inputSize: 3, hiddenSize: 5)
    cell.parameters = lstm.parameters[0]
    let gru = GRU<Double>(inputSize: 3, hiddenSize: 5, zoneout: 0.3)
    var gruCell = GRUCell<Double>(inputSize: 3, hiddenSize: 5)
    gruCell.parameters = gru.parameters[0]
    var state = LSTMState<Double>(hidden: .zeros([2, 5]), cell: .zeros([2, 5]))
    var gruState = Tensor<Double>.zeros([2, 5])
    func mix(_ share: Double, _ old: Tensor<Double>, _ new: Tensor<Double>) -> Tensor<Double> {
      Tensor(
        unchecked: zip(old.scalars, new.scalars).map { share * $0 + (1 - share) * $1 }, shape: old.shape)
    }
    let (output, finalState) = try lstm(x)
    let (gruOutput, _) = try gru(x)
    let bound = Tolerance.pathBound(depth: 6, termCount: 32, weightNorm: 5 / 5.0.squareRoot(), magnitude: 1)
    func check(_ actual: Tensor<Double>, _ expected: Tensor<Double>, _ name: String) {
      expectClose(
        actual, expected.scalars, bound: Array(repeating: bound, count: expected.scalars.count), name)
    }
    for step in 0..<6 {
      let next = try cell(x[step], state)
      state = LSTMState(
        hidden: mix(0.2, state.hidden, next.hidden), cell: mix(0.7, state.cell, next.cell))
      check(output[step], state.hidden, "h of step \(step)")
      gruState = mix(0.3, gruState, try gruCell(x[step], gruState))
      check(gruOutput[step], gruState, "GRU, step \(step)")
    }
    check(finalState.cell[0], state.cell, "c")
  }

  @Test(
    "in training an element keeps its value or takes the new one, with the probability that was asked for")
  func drawn() throws {
    let zoneout = Zoneout(hidden: 0.25, memory: 0)
    let gru = GRU<Float>(inputSize: 4, hiddenSize: 50, zoneout: zoneout.hidden)
    var generator = SeededGenerator(seed: 8)
    let x = Tensor<Float>.normal([40, 5, 4], using: &generator)
    let (output, finalState, _) = try gru.valueWithPullback(at: x, using: &generator)
    var plain = GRU<Float>(inputSize: 4, hiddenSize: 50)
    plain.parameters = gru.parameters
    var (state, kept, count) = (Tensor<Float>.zeros([1, 5, 50]), 0, 0)
    for step in 0..<40 {
      let new = try plain(x[step..<(step + 1)], state).output
      for index in new.scalars.indices {
        let (value, old) = (output[step].scalars[index], state.scalars[index])
        #expect(value == old || value == new.scalars[index])
        // From zero on, where the two are hardly the same.
        if old != 0 {
          kept += value == old ? 1 : 0
          count += 1
        }
      }
      state = try output[step].reshaped(to: [1, 5, 50])
    }
    #expect(state == finalState)
    let share = Double(kept) / Double(count)
    #expect((share - 0.25).magnitude <= Tolerance.share(probability: 0.25, trials: count))
  }

  @Test(
    "zoneout of everything leaves the state as it was, and of nothing changes no bit",
    arguments: Kind.allCases)
  func extremes(kind: Kind) throws {
    let all = kind.layer(layerCount: 1, Zoneout(hidden: 1, memory: 1))
    let problem = all.problem([4, 2, 3], rows: 2)
    let shape = try all.stack.checkedSequence([4, 2, 3], batchFirst: false)
    for noise in [noise, nil] {
      let results = try all.results(shape, problem, Execution(backend: .swift), dropout: noise)
      #expect(results.hidden == problem.hidden)
      if let cell = results.cell { #expect(cell == problem.cell) }
      #expect(results.input.scalars.allSatisfy { $0 == 0 })
    }
    let none = kind.layer(layerCount: 1, Zoneout())
    let plain = try none.results(shape, problem, Execution(backend: .swift))
    let drawn = try none.results(
      shape, problem, Execution(backend: .swift), dropout: TrainingNoise(probability: 0, key: 3))
    expectBitwiseEqual(drawn, plain, "no zoneout")
  }

  @Test(
    "gradients through drawn and expected zoneout are the central differences", arguments: Kind.allCases,
    Directions.allCases)
  func differences(kind: Kind, directions: Directions) throws {
    let layer = kind.layer(directions: directions)
    let problem = layer.problem([3, 2, 3], rows: 2)
    let shape = try layer.stack.checkedSequence([3, 2, 3], batchFirst: false)
    let execution = Execution(backend: .swift)
    for noise in [noise, nil] {
      let results = try layer.results(shape, problem, execution, dropout: noise)
      func loss(_ layer: SequenceLayer<Double>, _ problem: SequenceLayer<Double>.Problem) throws -> Double {
        let moved = try layer.results(shape, problem, execution, dropout: noise)
        func dot(_ a: Tensor<Double>?, _ b: Tensor<Double>?) -> Double {
          guard let a, let b else { return 0 }
          return zip(a.scalars, b.scalars).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return dot(moved.output, problem.outputGradient) + dot(moved.hidden, problem.hiddenGradient)
          + dot(moved.cell, problem.cellGradient)
      }
      let terms = results.output.scalars.count + 2 * results.hidden.scalars.count
      let bound = Tolerance.centralDifference(terms: terms)
      func check(
        _ gradient: Tensor<Double>, _ name: String, _ loss: (Int, Double) throws -> Double
      ) rethrows {
        // Every third element: the pattern of masks has no such period.
        for index in stride(from: 0, to: gradient.scalars.count, by: 3) {
          let step = Tolerance.differenceStep
          let difference = (try loss(index, step) - loss(index, -step)) / (2 * step)
          expectClose(Tensor(gradient.scalars[index]), [difference], bound: [bound], "\(name)[\(index)]")
        }
      }
      try check(results.input, "input") { index, change in
        var moved = problem
        moved.input.scalars[index] += change
        return try loss(layer, moved)
      }
      try check(results.initialHidden, "initial state") { index, change in
        var moved = problem
        moved.hidden?.scalars[index] += change
        return try loss(layer, moved)
      }
      if let gradient = results.initialCell {
        try check(gradient, "initial cell") { index, change in
          var moved = problem
          moved.cell?.scalars[index] += change
          return try loss(layer, moved)
        }
      }
      let recurrent = try #require(results.parameters["weight_hh_l0"])
      try check(recurrent, "weight_hh_l0") { index, change in
        var parameters = layer.stack.parameters
        parameters[0].weightHH.scalars[index] += change
        return try loss(layer.with(parameters), problem)
      }
    }
  }

  @Test("threads, splits, chunks and checkpoints change no bit of what is drawn", arguments: Kind.allCases)
  func plans(kind: Kind) throws {
    let layer = kind.layer()
    let problem = layer.problem([6, 3, 3], rows: 3)
    let shape = try layer.stack.checkedSequence([6, 3, 3], batchFirst: false)
    let expected = try layer.results(shape, problem, Execution(backend: .swift), dropout: noise)
    for split in [ForwardPlan.Split.rows, .columns, .layers] {
      var execution = Execution(backend: .swift, threadCount: 2)
      execution.plan = ForwardPlan(stepsPerChunk: 2, split: split, threadCount: 2)
      execution.backwardPlan = BackwardPlan(
        stepsPerChunk: 6, split: split == .columns ? .columns : .rows, threadCount: 2)
      expectBitwiseEqual(
        try layer.results(shape, problem, execution, dropout: noise), expected, "\(split)")
    }
    for interval in [1, 4] {
      expectBitwiseEqual(
        try layer.results(
          shape, problem, Execution(backend: .swift), dropout: noise, checkpointInterval: interval),
        expected, "a checkpoint every \(interval) steps", withParameters: false)
    }
  }

  @Test("a probability out of range is an error of every call, with what was expected")
  func errors() throws {
    let x = Tensor<Float>.zeros([2, 1, 3])
    for probability in [-0.1, 1.5, .nan] {
      let gru = #expect(throws: RecurrentError.self) {
        try GRU<Float>(inputSize: 3, hiddenSize: 4, zoneout: probability)(x)
      }
      #expect(gru?.description.contains("zoneout") == true)
      #expect(throws: RecurrentError.self) {
        try LSTM<Float>(inputSize: 3, hiddenSize: 4, zoneout: Zoneout(memory: probability))(x)
      }
    }
  }

  @Test("variational dropout drops the same features at every step of a row, and others in other rows")
  func variational() throws {
    for isVariational in [true, false] {
      var rnn = RNN<Double>(
        inputSize: 2, hiddenSize: 40, layerCount: 2, dropout: 0.5, variationalDropout: isVariational)
      // Without memory every step gives the same, but for what is dropped.
      for layer in 0..<2 { rnn.parameters[layer].weightHH = .zeros([40, 40]) }
      #expect(rnn.variationalDropout == isVariational)
      let x = Tensor<Double>(repeating: 0.5, shape: [4, 3, 2])
      var generator = SeededGenerator(seed: 4)
      let (output, _, pullback) = try rnn.valueWithPullback(at: x, using: &generator)
      for step in 1..<4 { #expect((output[step] == output[0]) == isVariational) }
      #expect(output[0][1] != output[0][0])
      // The backward pass drops the same.
      let gradient = try pullback(Tensor(repeating: 1, shape: [4, 3, 40])).input
      for step in 1..<4 { #expect((gradient[step] == gradient[0]) == isVariational) }
    }
  }
}
