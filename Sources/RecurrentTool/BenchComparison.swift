import Recurrent

/// One layer and input, on several backends.
struct BenchComparison {
  /// The times of one backend.
  struct Measured {
    var backend: Backend
    var instructions: String
    /// Seconds of one call or time step: the median of the turns' medians, and the least of all.
    var median: Double
    var minimum: Double
    /// The seconds that 99 % and 99.9 % of all time steps do not exceed; `nil` for calls.
    var percentiles: (p99: Double, p999: Double)?
    /// The operations that one thread could have done in a median call, at the speed of the
    /// processor in that turn.
    var medianOperations: Double
    /// The most operations that one thread was seen to do in a second.
    var peakOperationsPerSecond: Double
    var greatestDifference: Double
    /// The greatest difference of the outputs from those of the layer in float; `nil` for that layer.
    var differenceOfWeights: Double?
  }

  private let layer: any DifferentiableRecurrentLayer<Float>
  private let input: Tensor<Float>
  private let executions: [Execution]
  private let greatestDifference: Double
  private let differenceOfWeights: Double?
  private let shape: BenchShape
  private let pass: BenchPass

  /// Makes a layer and an input from a fixed seed, and checks that the backends agree on them.
  ///
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` where they do not.
  init(
    shape: BenchShape, pass: BenchPass, backends: [Backend], threadCount: Int
  ) throws(RecurrentError) {
    self.shape = shape
    self.pass = pass
    var generator = SeededGenerator(seed: 20)
    let exact: any DifferentiableRecurrentLayer<Float> = shape.cell.layer(
      inputSize: shape.inputSize, hiddenSize: shape.hiddenSize, layerCount: shape.layerCount,
      using: &generator)
    let layer = try exact.converted(to: shape.weights)
    self.layer = layer
    input = .normal([shape.steps, shape.rows, shape.inputSize], using: &generator)
    var executions: [Execution] = []
    for backend in backends {
      executions.append(try Execution(resolving: backend, threadCount: threadCount))
    }
    self.executions = executions
    greatestDifference = try Self.greatestDifference(pass, shape, layer, input, executions, threadCount)

    differenceOfWeights =
      shape.weights == .float ? nil : try Self.difference(layer, exact, input, executions[0])

    // Rounding differs by some units for each of the I + H terms of a sum, of G·H in the backward pass;
    // a wrong product, by thousands of times more. The states are below 1, and this layer's weights
    // let errors fade. Differences are in proportion to the greatest number of their tensor, if
    // that is more than 1.
    let terms = shape.inputSize + shape.cell.gateCount * shape.hiddenSize + 16
    var bound = 16 * Double(terms) * Double(Float.ulpOfOne)
    // Rows that int8 rounds to 16 bits differ by half a unit of their greatest number, here below 8, and
    // the weights are at most 1/√H.
    if shape.weights == .int8 {
      bound += Double(shape.inputSize + shape.hiddenSize) / Double(shape.hiddenSize).squareRoot() * 8 / 65534
    }
    guard greatestDifference <= bound * Double(shape.layerCount) else {
      throw .invalidValue(
        argument: "bench \(shape)", expected: "results that differ by at most \(bound)",
        actual: "\(greatestDifference)")
    }
  }

  /// The greatest difference between any two of the backends that are timed or could check them;
  /// with one backend only, or of single time steps, between that and a call of the same layer in
  /// double precision too.
  private static func greatestDifference(
    _ pass: BenchPass, _ shape: BenchShape, _ layer: some DifferentiableRecurrentLayer<Float>,
    _ input: Tensor<Float>,
    _ executions: [Execution], _ threadCount: Int
  ) throws(RecurrentError) -> Double {
    var results: [[Tensor<Double>]] = []
    for execution in executions {
      results.append(try pass.run(layer, input, execution).map { Tensor($0) })
    }
    // Time steps are compared with a call of the whole sequence.
    if results.count == 1 || pass.isSingleStep {
      // Its own draws are replaced.
      var generator = SeededGenerator(seed: 0)
      var exact: any DifferentiableRecurrentLayer<Double> = shape.cell.layer(
        inputSize: shape.inputSize, hiddenSize: shape.hiddenSize, layerCount: shape.layerCount,
        using: &generator)
      try exact.load(StateDictionary(layer.stateDictionary.map { ($0.key, Tensor($0.value)) }))
      let execution = try Execution(resolving: .swift, threadCount: threadCount)
      results.append(try (pass.isSingleStep ? .forward : pass).run(exact, Tensor(input), execution))
    }
    var greatest = 0.0
    for (index, result) in results.enumerated() {
      for other in results[(index + 1)...] {
        for (a, b) in zip(result, other) {
          let scale = a.scalars.reduce(1) { max($0, $1.magnitude) }
          let difference = try a.greatestDifference(from: b) / scale
          // A NaN is no agreement.
          greatest = difference.isNaN ? .infinity : max(greatest, difference)
        }
      }
    }
    return greatest
  }

  /// The greatest difference between the outputs of two layers.
  private static func difference<Layer: DifferentiableRecurrentLayer<Float>>(
    _ layer: Layer, _ other: some DifferentiableRecurrentLayer<Float>, _ input: Tensor<Float>,
    _ execution: Execution
  ) throws(RecurrentError) -> Double {
    let outputs = try BenchPass.forward.run(layer, input, execution)
    return Double(try outputs[0].greatestDifference(from: BenchPass.forward.run(other, input, execution)[0]))
  }

  /// Times every backend for so many seconds, in turns, after a warm-up.
  ///
  /// Before and after each turn the multiply-adds are timed too: the clock rate, and what other
  /// programs and guests leave of the processor, change within a second, and a share of the peak
  /// counts only beside the peak of the moment.
  func measure(seconds: Double) throws(RecurrentError) -> [Measured] {
    var medians = [[Double]](repeating: [], count: executions.count)
    var operations = medians
    var minima = [Double](repeating: .infinity, count: executions.count)
    var steps = [StepTimes?](repeating: nil, count: executions.count)
    var highestPeak = 0.0
    for execution in executions { try pass.run(layer, input, execution) }
    let turns = 15
    for _ in 0..<turns {
      for (index, execution) in executions.enumerated() {
        let before = PeakMeasurement.currentOperationsPerSecond
        let turn = try Self.time(pass, layer, input, execution, seconds: seconds / Double(turns))
        let peak = max(before, PeakMeasurement.currentOperationsPerSecond)
        highestPeak = max(highestPeak, peak)
        medians[index].append(turn.median)
        minima[index] = min(minima[index], turn.minimum)
        operations[index].append(turn.median * peak)
        if let times = turn.steps { steps[index] = times.adding(steps[index]) }
      }
    }
    return executions.indices.map { index in
      let execution = executions[index]
      return Measured(
        backend: execution.backend,
        instructions: execution.backend == .openBLAS
          ? OpenBLASLibrary.coreName ?? ""
          : execution.instructions(
            rows: shape.rows, hiddenSize: shape.hiddenSize, scalarSize: MemoryLayout<Float>.stride,
            hasFormula: shape.cell.gateCount > 1
          ).rawValue,
        median: medians[index].sorted()[turns / 2], minimum: minima[index],
        percentiles: steps[index].map {
          ($0.nanoseconds(thousandths: 990) * 1e-9, $0.nanoseconds(thousandths: 999) * 1e-9)
        },
        medianOperations: operations[index].sorted()[turns / 2], peakOperationsPerSecond: highestPeak,
        greatestDifference: greatestDifference, differenceOfWeights: differenceOfWeights)
    }
  }

  /// The times of one turn, in seconds.
  private struct Turn {
    var median: Double
    var minimum: Double
    /// Each time step's, where those are timed.
    var steps: StepTimes?

    init(calls: [Double]) {
      let sorted = calls.sorted()
      (median, minimum) = (sorted[sorted.count / 2], sorted[0])
    }

    init(steps: StepTimes) {
      median = steps.nanoseconds(thousandths: 500) * 1e-9
      minimum = Double(steps.minimum) * 1e-9
      self.steps = steps
    }
  }

  /// Times calls or time steps for so many seconds.
  ///
  /// Specialized: what finds the generic functions of a layer would be timed with it.
  @specialized(where Layer == RNN<Float>)
  @specialized(where Layer == LSTM<Float>)
  @specialized(where Layer == GRU<Float>)
  private static func time<Layer: DifferentiableRecurrentLayer>(
    _ pass: BenchPass, _ layer: Layer, _ input: Tensor<Layer.Scalar>, _ execution: Execution,
    seconds: Double
  ) throws(RecurrentError) -> Turn {
    switch pass {
    case .forward, .training:
      return Turn(calls: try timeCalls(pass, layer, input, execution, seconds: seconds))
    case .stream:
      var steps = StreamSteps(
        try layer.stream(batchSize: input.shape[1], execution: execution), over: input)
      return Turn(steps: try steps.times(seconds: seconds))
    case .pool:
      var steps = try PoolSteps(layer.streamPool(execution: execution), over: input)
      return Turn(steps: try steps.times(seconds: seconds))
    }
  }

  /// The seconds of each call.
  @inline(__always)
  private static func timeCalls<Layer: DifferentiableRecurrentLayer>(
    _ pass: BenchPass, _ layer: Layer, _ input: Tensor<Layer.Scalar>, _ execution: Execution,
    seconds: Double
  ) throws(RecurrentError) -> [Double] {
    // The first call of a turn finds the other backend's data in the caches.
    try pass.run(layer, input, execution)
    var times: [Double] = []
    var spent = 0.0
    let clock = ContinuousClock()
    repeat {
      let start = clock.now
      try pass.run(layer, input, execution)
      let elapsed = (clock.now - start).seconds
      spent += elapsed
      times.append(elapsed)
    } while spent < seconds
    return times
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
