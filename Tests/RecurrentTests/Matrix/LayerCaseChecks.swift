import RecurrentTestSupport

@testable import Recurrent

/// Who computes a case.
struct LayerEngine: Sendable, CustomStringConvertible {
  let backend: Backend
  let instructions: InstructionSet

  /// Every backend, and on that of this package every instruction set.
  static let all: [LayerEngine] =
    InstructionSet.available.map { LayerEngine(backend: .swift, instructions: $0) }
    + Backend.available.filter { $0 == .openBLAS }.map {
      LayerEngine(backend: $0, instructions: InstructionSet.available[InstructionSet.available.count - 1])
    }

  var description: String { "\(backend.rawValue) \(instructions.rawValue)" }
}

extension LayerCase {
  /// The execution that the case names, on an engine.
  func execution(_ engine: LayerEngine, threads: Int? = nil) -> Execution {
    let count = threads ?? number(.threads)
    var execution = Execution(
      backend: engine.backend, instructions: engine.instructions, threadCount: count)
    // OpenBLAS has its own threads.
    guard self[.split] != "chosen", engine.backend == .swift else { return execution }
    let split: ForwardPlan.Split =
      self[.split] == "rows" ? .rows : self[.split] == "columns" ? .columns : .layers
    // Each thread of a pipeline has a layer.
    execution.plan = ForwardPlan(
      stepsPerChunk: 2, split: split, threadCount: split == .layers ? min(count, number(.layers)) : count)
    execution.backwardPlan = BackwardPlan(
      stepsPerChunk: 2, split: split == .columns ? .columns : .rows, threadCount: count)
    return execution
  }

  /// What is wrong, if anything: results against the definition on every engine.
  ///
  /// - Parameter proof: Hears of every comparison how many numbers were compared, and how many
  ///   bounds proved nothing.
  /// - Returns: The first difference, or `nil`.
  func failure(proof: (_ count: Int, _ vacuous: Int) -> Void = { _, _ in }) -> String? {
    self[.scalar] == "float" ? failure(Float.self, proof) : failure(Double.self, proof)
  }

  private func failure<Scalar: TensorScalar>(_: Scalar.Type, _ proof: (Int, Int) -> Void) -> String? {
    let problem = LayerCaseProblem<Scalar>(self)
    let definition = problem.definition()
    for engine in LayerEngine.all {
      do {
        let difference = try problem.results(execution(engine)).difference(from: definition)
        if let worst = difference.worst { return "\(engine): \(worst)" }
        proof(difference.count, difference.vacuous)
      } catch {
        return "\(engine): \(error)"
      }
    }
    return nil
  }
}
