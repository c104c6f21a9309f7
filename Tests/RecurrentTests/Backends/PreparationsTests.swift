import Dispatch
import Synchronization
import Testing

@testable import Recurrent

@Suite struct PreparationsTests {
  /// What is prepared, and how many of it there are.
  private final class Probe: PreparedForEngine {
    let engine: MatrixEngine<Float>
    private let living: Counter

    init(_ execution: Execution, _ living: Counter) throws(RecurrentError) {
      engine = try MatrixEngine(backend: execution.backend, instructions: execution.instructions)
      self.living = living
      living.value.add(1, ordering: .relaxed)
    }

    deinit { living.value.subtract(1, ordering: .relaxed) }
  }

  private final class Counter: Sendable {
    let value = Atomic(0)
  }

  /// Every backend with every instruction set.
  private static let executions = Backend.available.flatMap { backend in
    InstructionSet.available.map { Execution(backend: backend, instructions: $0) }
  }

  @Test("each backend and instruction set has its own matrices, made once and freed with their owner")
  func places() throws {
    let living = Counter()
    do {
      let preparations = Preparations<Probe>()
      for execution in Self.executions {
        let (backend, instructions) = (execution.backend, execution.instructions)
        #expect(preparations.existing(for: backend, instructions) == nil)
        let made = try preparations.value(for: backend, instructions) { () throws(RecurrentError) in
          try Probe(execution, living)
        }
        #expect(made.engine.backend == backend)
        #expect(made.engine.instructions == instructions)
        #expect(preparations.existing(for: backend, instructions) === made)
      }
      #expect(living.value.load(ordering: .relaxed) == Self.executions.count)
    }
    #expect(living.value.load(ordering: .relaxed) == 0)
  }

  @Test("what threads ask for at once is made by one of them")
  func threads() {
    let made = Counter()
    let preparations = Preparations<Probe>()
    let execution = Self.executions[0]
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
      let value = try? preparations.value(for: execution.backend, execution.instructions) {
        () throws(RecurrentError) in try Probe(execution, made)
      }
      #expect(value?.engine.backend == execution.backend)
    }
    #expect(made.value.load(ordering: .relaxed) == 1)
  }

  @Test("what cannot be made is asked for again")
  func failure() throws {
    let preparations = Preparations<Probe>()
    let execution = Self.executions[0]
    #expect(throws: RecurrentError.emptySequence(argument: "probe")) {
      try preparations.value(for: execution.backend, execution.instructions) {
        () throws(RecurrentError) -> Probe in throw .emptySequence(argument: "probe")
      }
    }
    #expect(preparations.existing(for: execution.backend, execution.instructions) == nil)
    let living = Counter()
    _ = try preparations.value(for: execution.backend, execution.instructions) { () throws(RecurrentError) in
      try Probe(execution, living)
    }
    #expect(preparations.existing(for: execution.backend, execution.instructions) != nil)
  }
}
