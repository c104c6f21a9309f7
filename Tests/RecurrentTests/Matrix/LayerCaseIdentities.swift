import RecurrentTestSupport

@testable import Recurrent

// What has the same bits on the Swift backend: threads and their shares, wide and narrow vectors, a
// row alone, a sequence packed, cut in time or by checkpoints, and a stream.

extension LayerCase {
  /// What is wrong, if anything.
  ///
  /// - Parameter proof: Hears the name of every comparison.
  /// - Returns: The first difference, or `nil`.
  func failureInBits(proof: @escaping (String) -> Void = { _ in }) -> String? {
    do {
      if self[.scalar] == "float" {
        try LayerIdentities<Float>(self, proof).check()
      } else {
        try LayerIdentities<Double>(self, proof).check()
      }
      return nil
    } catch {
      return "\(error)"
    }
  }
}

/// A difference, as an error.
private struct Difference: Error, CustomStringConvertible {
  let description: String
}

private struct LayerIdentities<Scalar: TensorScalar> {
  private typealias Problem = LayerCaseProblem<Scalar>

  private let layerCase: LayerCase
  private let problem: Problem
  private let proof: (String) -> Void
  /// SSE2 has no fused multiply-add, and other bits.
  private let fused = InstructionSet.available.filter { $0 != .sse2 }
  private let engine: LayerEngine
  /// On one thread, by the plan that the shape asks for.
  private let plain: Execution

  init(_ layerCase: LayerCase, _ proof: @escaping (String) -> Void) {
    self.layerCase = layerCase
    self.proof = proof
    problem = Problem(layerCase)
    engine = LayerEngine(backend: .swift, instructions: fused.last ?? .sse2)
    plain = Execution(backend: .swift, instructions: engine.instructions)
  }

  func check() throws {
    let expected = try problem.results(layerCase.execution(engine, threads: 1))
    try require("threads", try problem.results(layerCase.execution(engine)), expected)
    for instructions in fused.dropLast() {
      let narrow = LayerEngine(backend: .swift, instructions: instructions)
      let results = try problem.results(layerCase.execution(narrow, threads: 1))
      try require(instructions.rawValue, results, expected)
    }
    guard !layerCase.isCell else { return }
    let layer = problem.layer()
    let whole = try problem.results(layer, problem.form(layer), plain)
    try checkForms(layer, whole)
    try checkParts(layer, whole)
  }

  private func require(
    _ name: String, _ actual: LayerCaseResults<Scalar>, _ expected: LayerCaseResults<Scalar>,
    withParameters: Bool = true
  ) throws {
    if let difference = actual.differenceInBits(from: expected, withParameters: withParameters) {
      throw Difference(description: "bits, \(name): \(difference)")
    }
    proof(name)
  }

  /// The same sequences, packed and with checkpoints, whose gradients of parameters are sums in
  /// another order.
  private func checkForms(_ layer: SequenceLayer<Scalar>, _ whole: LayerCaseResults<Scalar>) throws {
    if layerCase[.lengths] == "equal", layerCase[.resets] == "none", layerCase.rows > 0 {
      try require(
        "packed", try problem.results(layer, problem.packedForm(layer), plain), whole,
        withParameters: false)
    }
    if layerCase.directions == .forward, whole.inputGradient != nil {
      let interval = problem.checkpointInterval ?? 2
      try require(
        "a checkpoint every \(interval) steps",
        try problem.results(layer, problem.form(layer), plain, checkpointInterval: interval), whole,
        withParameters: false)
    }
    guard whole.inputGradient != nil, !layerCase.hasNoise else { return }
    let call = problem.withoutGradients
    var kept = whole
    kept.dropGradients()
    try require("call", try call.results(layer, call.form(layer), plain), kept)
  }

  /// Parts of the sequences.
  private func checkParts(_ layer: SequenceLayer<Scalar>, _ whole: LayerCaseResults<Scalar>) throws {
    // What is drawn depends on the place.
    guard !layerCase.hasNoise else { return }
    for row in 0..<min(3, layerCase.rows) where problem.lengths[row] > 0 {
      let alone = problem.row(row)
      try require(
        "row \(row) alone", try alone.results(layer, alone.form(layer), plain),
        problem.row(row, of: whole), withParameters: false)
    }
    guard layerCase.directions == .forward, layerCase[.lengths] == "equal", layerCase[.resets] == "none",
      layerCase.rows > 0
    else { return }
    var forward = whole
    forward.dropGradients()
    try require("stream", try problem.streamResults(layer, plain), forward)
    guard layerCase.steps > 1 else { return }
    let cut = 1 + Int(layerCase.seed % UInt64(layerCase.steps - 1))
    let head = problem.steps(0..<cut, hidden: problem.hidden, memory: problem.memory)
    let first = try head.results(layer, head.form(layer), plain)
    let tail = problem.steps(cut..<layerCase.steps, hidden: first.hidden, memory: first.memory)
    let second = try tail.results(layer, tail.form(layer), plain)
    let (headSize, tailSize) = (
      cut * problem.outputSize, (layerCase.steps - cut) * problem.outputSize
    )
    var output: [Scalar] = []
    for row in 0..<layerCase.rows {
      output += first.output[(row * headSize)..<((row + 1) * headSize)]
      output += second.output[(row * tailSize)..<((row + 1) * tailSize)]
    }
    try require(
      "cut in time",
      LayerCaseResults(output: output, hidden: second.hidden, memory: second.memory), forward)
  }
}

extension LayerCaseResults {
  fileprivate mutating func dropGradients() {
    (inputGradient, hiddenGradient, memoryGradient, parameters) = (nil, nil, nil, [])
  }
}

extension LayerCaseProblem {
  /// The same without a backward pass.
  fileprivate var withoutGradients: LayerCaseProblem {
    var problem = self
    (problem.outputGradient, problem.hiddenGradient, problem.memoryGradient) = (nil, nil, nil)
    return problem
  }

  /// Some features of each of `[L·D, B, features]` that one row has.
  private func row(_ row: Int, ofStates states: [Scalar]?) -> [Scalar]? {
    guard let states else { return nil }
    let cells = parameters.count
    let size = states.count / (cells * lengths.count)
    return (0..<cells).flatMap { cell in
      let first = (cell * lengths.count + row) * size
      return states[first..<(first + size)]
    }
  }

  /// The steps of one row, out of those of all.
  private func row(_ row: Int, ofSequences scalars: [Scalar]?) -> [Scalar]? {
    guard let scalars else { return nil }
    let size = scalars.count / lengths.reduce(0, +)
    let first = lengths[..<row].reduce(0, +) * size
    return Array(scalars[first..<(first + lengths[row] * size)])
  }

  /// One sequence alone, in a batch of its own.
  fileprivate func row(_ row: Int) -> LayerCaseProblem {
    var problem = self
    problem.layerCase[.batch] = layerCase.isUnbatched ? "unbatched" : "1"
    problem.layerCase[.lengths] = "equal"
    problem.layerCase[.steps] = "\(lengths[row])"
    problem.lengths = [lengths[row]]
    problem.inputs = [inputs[row]]
    problem.resets = [resets[row]]
    problem.hidden = self.row(row, ofStates: hidden)
    problem.memory = self.row(row, ofStates: memory)
    problem.outputGradient = self.row(row, ofSequences: outputGradient)
    problem.hiddenGradient = self.row(row, ofStates: hiddenGradient)
    problem.memoryGradient = self.row(row, ofStates: memoryGradient)
    return problem
  }

  /// What one sequence has of the results of all.
  fileprivate func row(_ row: Int, of results: LayerCaseResults<Scalar>) -> LayerCaseResults<Scalar> {
    LayerCaseResults(
      output: self.row(row, ofSequences: results.output) ?? [],
      hidden: self.row(row, ofStates: results.hidden) ?? [],
      memory: self.row(row, ofStates: results.memory),
      inputGradient: self.row(row, ofSequences: results.inputGradient),
      hiddenGradient: self.row(row, ofStates: results.hiddenGradient),
      memoryGradient: self.row(row, ofStates: results.memoryGradient), parameters: results.parameters)
  }

  /// Some steps of all rows, which have as many, from other states on and without a backward pass.
  fileprivate func steps(
    _ range: Range<Int>, hidden: [Scalar]?, memory: [Scalar]?
  ) -> LayerCaseProblem {
    var problem = withoutGradients
    let features = layerCase.number(.input)
    problem.layerCase[.steps] = "\(range.count)"
    problem.lengths = Array(repeating: range.count, count: lengths.count)
    problem.inputs = inputs.map {
      Array($0[(range.lowerBound * features)..<(range.upperBound * features)])
    }
    (problem.hidden, problem.memory) = (hidden, memory)
    return problem
  }
}
