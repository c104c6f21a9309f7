// What the benchmark of plans compares: the plan that a call chooses, and those that it could have
// chosen. What other benchmarks see is in Unrolling/BenchmarkAccess.swift.

/// How one pass of a call is run on the Swift backend. All plans of a call give the same bits.
@_spi(Benchmarks) public struct BenchmarkPlan: Sendable, Equatable, CustomStringConvertible {
  /// Which pass is planned.
  public enum Pass: String, Sendable, CaseIterable {
    /// A call without gradients.
    case forward
    /// A call of a pullback.
    case backward
  }

  fileprivate enum Choice: Equatable {
    case forward(ForwardPlan)
    case backward(BackwardPlan)
  }

  fileprivate let choice: Choice
  fileprivate let instructions: InstructionSet

  /// How a call is run that must have this plan.
  fileprivate var execution: Execution {
    var execution = Execution(backend: .swift, instructions: instructions)
    switch choice {
    case .forward(let plan): (execution.plan, execution.threadCount) = (plan, plan.threadCount)
    case .backward(let plan): (execution.backwardPlan, execution.threadCount) = (plan, plan.threadCount)
    }
    return execution
  }

  /// The split and the threads, the time steps of a chunk, and the instructions, such as
  /// "columns × 2, 16, avx2".
  public var description: String {
    switch choice {
    case .forward(let plan): describe("\(plan.split)", plan.threadCount, plan.stepsPerChunk)
    case .backward(let plan): describe("\(plan.split)", plan.threadCount, plan.stepsPerChunk)
    }
  }

  private func describe(_ split: String, _ threads: Int, _ steps: Int) -> String {
    "\(threads == 1 ? "1 thread" : "\(split) × \(threads)"), \(steps), \(instructions.rawValue)"
  }
}

@_spi(Benchmarks) extension DifferentiableRecurrentLayer {
  /// The plan that a pass over T = `steps` and B = `rows` chooses by itself, at this moment.
  ///
  /// - Throws: What a call throws.
  public func chosenPlan(
    _ pass: BenchmarkPlan.Pass, steps: Int, rows: Int
  ) throws(RecurrentError) -> BenchmarkPlan {
    let execution = try _core.execution
    let call = try StackCall(
      _core.stack, SequenceSchedule(steps: steps, rows: rows), batchFirst: false, execution)
    let (shape, engine) = (call.shape(), call.ready.engine)
    switch pass {
    case .forward:
      let plan = ForwardPlan(shape, engine, execution, threadCount: execution.threadCount)
      return BenchmarkPlan(choice: .forward(plan), instructions: engine.instructions)
    case .backward:
      return BenchmarkPlan(choice: .backward(call.backwardPlan(shape)), instructions: engine.instructions)
    }
  }

  /// The plans that a pass over T = `steps` and B = `rows` may choose from: every split, number of
  /// threads and instruction set with the same bits; forward with chunks as the rule has them, of a
  /// quarter and four times as many time steps, and of all.
  ///
  /// The time steps of a chunk of a backward pass decide bits, so they are the same in all plans.
  /// Tiles and the fused input projection are no part of a plan: the kernels decide them.
  ///
  /// - Throws: What a call throws.
  public func plans(
    _ pass: BenchmarkPlan.Pass, steps: Int, rows: Int
  ) throws(RecurrentError) -> [BenchmarkPlan] {
    let execution = try _core.execution
    let shape = _core.stack.sizes.forwardShape(
      steps: steps, rows: rows, scalarSize: MemoryLayout<Scalar>.size)
    let sets = InstructionSet.available.filter {
      execution.mayNarrow
        ? $0.hasFusedMultiplyAdd == execution.instructions.hasFusedMultiplyAdd : $0 == execution.instructions
    }
    return sets.flatMap { instructions in
      let width = Scalar._operations.kernels(instructions).panelWidth
      let threads = execution.threadCount
      let choices: [BenchmarkPlan.Choice] =
        switch pass {
        case .forward: ForwardPlan.all(shape, panelWidth: width, threads).map { .forward($0) }
        case .backward: BackwardPlan.all(shape, panelWidth: width, threads).map { .backward($0) }
        }
      return choices.map { BenchmarkPlan(choice: $0, instructions: instructions) }
    }
  }

  /// The output of a forward pass by a plan.
  ///
  /// - Throws: What a call throws.
  public func output(
    of input: Tensor<Scalar>, by plan: BenchmarkPlan
  ) throws(RecurrentError) -> Tensor<Scalar> {
    try run(input, from: nil, execution: plan.execution).output
  }

  /// A pullback whose backward pass is by a plan.
  ///
  /// - Throws: What a call throws.
  public func pullback(
    at input: Tensor<Scalar>, by plan: BenchmarkPlan
  ) throws(RecurrentError) -> RecurrentPullback<State> {
    try valueWithPullback(at: input, execution: plan.execution).pullback
  }
}

extension ForwardPlan {
  fileprivate static func all(_ shape: ForwardShape, panelWidth: Int, _ available: Int) -> [ForwardPlan] {
    let cost = ForwardCost(shape, panelWidth: panelWidth)
    var divisions = [(split: Split.rows, threads: 1)]
    for split in [Split.rows, .columns, .layers] {
      let counts = stride(from: 2, through: min(available, cost.mostThreads(split)), by: 1)
      divisions += counts.map { (split, $0) }
    }
    return divisions.flatMap { split, threads in
      let steps = stepsPerChunk(shape, split, threadCount: threads)
      let chunks = Set([steps / 4, steps, 4 * steps, shape.steps].map { min(max($0, 1), shape.steps) })
      return chunks.sorted().map { ForwardPlan(stepsPerChunk: $0, split: split, threadCount: threads) }
    }
  }
}

extension BackwardPlan {
  fileprivate static func all(_ shape: ForwardShape, panelWidth: Int, _ available: Int) -> [BackwardPlan] {
    let alone = BackwardPlan(
      shape, backend: .swift, panelWidth: panelWidth, threadCount: 1, nanosecondsPerBarrier: { 0 })
    let mostColumns = ForwardCost(shape, panelWidth: panelWidth).mostThreads(.columns)
    // Threads without rows of their own still have their part of the products over many time steps.
    return [alone]
      + [(Split.rows, available), (.columns, min(available, mostColumns))].flatMap { split, most in
        stride(from: 2, through: most, by: 1).map {
          BackwardPlan(stepsPerChunk: alone.stepsPerChunk, split: split, threadCount: $0)
        }
      }
  }
}
