import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Gradients through time against the chain rule in Double, central differences, PyTorch and their
/// identities.
@Suite struct RNNGradientTests {
  static let cases = ProblemDescriptor.selected(
    from: (0..<60).map { number in
      var descriptor = ProblemDescriptor(seed: UInt64(number))
      descriptor.nonlinearity = number % 2 == 0 ? .tanh : .relu
      descriptor.bias = number / 2 % 2 == 0
      descriptor.scalar = number / 4 % 2 == 0 ? .float : .double
      descriptor.hasState = number / 8 % 2 == 0
      descriptor.layerCount = number % 3 + 1
      descriptor.batch = [1, 2, 3, 5, 6, 7, 13][number % 7]
      descriptor.inputSize = [1, 3, 8, 16, 17][number % 5]
      descriptor.hiddenSize = [1, 4, 7, 16, 20, 33][number / 2 % 6]
      // As many as leave the bound meaningful.
      descriptor.steps = min(number % 4 + 1, descriptor.hiddenSize > 20 ? 2 : 4)
      return descriptor
    })

  @Test("every gradient is within the bound of the chain rule in Double", arguments: cases)
  func reference(descriptor: ProblemDescriptor) throws {
    switch descriptor.scalar {
    case .float: try check(descriptor, Float.self)
    case .double: try check(descriptor, Double.self)
    }
  }

  private func check<Scalar: TensorScalar>(_ descriptor: ProblemDescriptor, _: Scalar.Type) throws {
    let problem = GradientProblem<Scalar>(descriptor)
    let reference = problem.reference()
    for backend in Backend.available {
      for instructions in InstructionSet.available {
        let execution = Execution(backend: backend, instructions: instructions)
        expectClose(
          try problem.gradients(execution), reference, "\(descriptor) on \(backend) \(instructions)")
      }
    }
  }

  @Test("the chain rule gives the central differences of the loss", arguments: [Nonlinearity.tanh, .relu])
  func differences(nonlinearity: Nonlinearity) throws {
    var descriptor = ProblemDescriptor(seed: 6)
    descriptor.nonlinearity = nonlinearity
    descriptor.layerCount = 2
    (descriptor.steps, descriptor.batch, descriptor.inputSize, descriptor.hiddenSize) = (4, 2, 3, 5)
    descriptor.hasState = true
    let problem = GradientProblem<Double>(descriptor)
    let execution = Execution(backend: .swift)
    let gradients = try problem.gradients(execution)

    // Outputs and final states.
    let bound = Tolerance.centralDifference(terms: 4 * 2 * 5 + 2 * 2 * 5)
    func loss(_ layer: RNN<Double>, _ input: Tensor<Double>, _ state: Tensor<Double>?) throws -> Double {
      let result = try layer.run(input, from: state, execution: execution)
      func dot(_ a: Tensor<Double>, _ b: Tensor<Double>?) -> Double {
        guard let b else { return 0 }
        return zip(a.scalars, b.scalars).reduce(0) { $0 + $1.0 * $1.1 }
      }
      return dot(result.output, problem.outputGradient) + dot(result.finalState, problem.finalStateGradient)
    }
    func check(
      _ gradient: Tensor<Double>, _ name: String, _ loss: (_ index: Int, _ change: Double) throws -> Double
    ) rethrows {
      for index in gradient.scalars.indices {
        let step = Tolerance.differenceStep
        let difference = (try loss(index, step) - loss(index, -step)) / (2 * step)
        expectClose(
          Tensor(gradient.scalars[index]), [difference], bound: [bound],
          "\(name)[\(index)]")
      }
    }
    try check(gradients.input, "input") { index, change in
      var input = problem.input
      input.scalars[index] += change
      return try loss(problem.layer, input, problem.state)
    }
    try check(gradients.initialState, "initial state") { index, change in
      var state = try #require(problem.state)
      state.scalars[index] += change
      return try loss(problem.layer, problem.input, state)
    }
    for layer in 0..<2 {
      var parameters = gradients.parameters[layer]
      try parameters.forEach { name, gradient throws(any Error) in
        try check(gradient, "\(name) of layer \(layer)") { index, change in
          var rnn = problem.layer
          rnn.parameters[layer].forEach { if $0 == name { $1.scalars[index] += change } }
          return try loss(rnn, problem.input, problem.state)
        }
      }
    }
  }

  @Test("gradients are PyTorch's", arguments: Fixture.all(ofKind: "RNN"))
  func golden(fixture: Fixture) throws {
    try checkGolden(fixture, Double.self)
    if fixture.suitsFloatGradients { try checkGolden(fixture, Float.self) }
  }

  private func checkGolden<Scalar: TensorScalar>(_ fixture: Fixture, _: Scalar.Type) throws {
    let file = try fixture.file()
    guard file.tensorNames.contains("output_gradient") else { return }
    let batchFirst = file.metadata["batch_first"] == "true"
    let isBatched = file.metadata["unbatched"] != "true"
    var rnn = try RNN<Scalar>(
      stateDictionary: file.goldenParameters(), nonlinearity: file.nonlinearity, batchFirst: batchFirst)
    let input: Tensor<Scalar> = try file.golden("input")
    let state: Tensor<Scalar>? = try file.initialState()
    let outputGradient: Tensor<Scalar> = try file.golden("output_gradient")
    let finalStateGradient: Tensor<Scalar> = try file.golden("final_state_gradient")
    let swaps = batchFirst && isBatched
    let ordered = swaps ? try input.transposed() : input
    let reference = ReferenceGradients(
      of: ReferenceRNN(rnn.parameters, nonlinearity: rnn.nonlinearity),
      input: ordered.scalars.map { Double($0) }, steps: ordered.shape[0],
      rows: isBatched ? ordered.shape[1] : 1, initialState: state?.scalars.map { Double($0) },
      outputGradient: (swaps ? try outputGradient.transposed() : outputGradient).scalars.map { Double($0) },
      finalStateGradient: finalStateGradient.scalars.map { Double($0) }, Scalar.self)
    let expectedInput = try file.tensor("gradient.input", as: Double.self)
    for backend in Backend.available {
      rnn.backend = backend
      let (_, _, pullback) = try rnn.valueWithPullback(at: input, from: state)
      let gradients = try pullback(outputGradient, finalStateGradient: finalStateGradient)
      let context = "\(fixture.name) \(backend)"
      #expect(gradients.input.shape == input.shape)
      expectClose(
        swaps ? try gradients.input.transposed() : gradients.input,
        (swaps ? try expectedInput.transposed() : expectedInput).scalars, bound: reference.input.bounds,
        context)
      if state != nil {
        expectClose(
          gradients.initialState, try file.tensor("gradient.initial_state", as: Double.self).scalars,
          bound: reference.initialState.bounds, context)
      }
      for layer in gradients.parameters.indices {
        var parameters = gradients.parameters[layer]
        try parameters.forEach { name, gradient throws(any Error) in
          let cell = reference.cells[layer]
          let bound =
            switch name {
            case .weightIH: cell.weightIH.bounds
            case .weightHH: cell.weightHH.bounds
            case .biasIH, .biasHH: cell.bias.bounds
            case .weightHR, .weightUnit: [Double]()
            }
          let key = "gradient.parameters.\(name.rawValue)_l\(layer)"
          expectClose(
            gradient, try file.tensor(key, as: Double.self).scalars, bound: bound, "\(key) \(context)")
        }
      }
    }
  }
}
