import RecurrentTestSupport

@testable import Recurrent

/// What a case has computed, sequence by sequence.
struct LayerCaseResults<Scalar: TensorScalar> {
  var output: [Scalar]
  var hidden: [Scalar]
  var memory: [Scalar]?
  var inputGradient: [Scalar]?
  var hiddenGradient: [Scalar]?
  var memoryGradient: [Scalar]?
  /// Of the parameters, by name.
  var parameters: [(name: String, gradient: [Scalar])] = []

  /// The names and numbers of all that there is.
  var all: [(name: String, numbers: [Scalar])] {
    [("output", output), ("final h", hidden)]
      + [
        ("final c", memory), ("gradient of the input", inputGradient), ("gradient of h", hiddenGradient),
        ("gradient of c", memoryGradient),
      ].compactMap { name, numbers in numbers.map { (name, $0) } }
      + parameters.map { ($0.name, $0.gradient) }
  }

  /// What differs from other results in a bit, if anything.
  func differenceInBits(from other: LayerCaseResults, withParameters: Bool = true) -> String? {
    let (mine, others) = (all, other.all)
    guard mine.map(\.name) == others.map(\.name) else {
      return "expected \(others.map(\.name)), got \(mine.map(\.name))"
    }
    for (a, b) in zip(mine, others) where withParameters || !a.name.contains("_l") {
      guard a.numbers.count == b.numbers.count else {
        return "\(a.name): expected \(b.numbers.count) numbers, got \(a.numbers.count)"
      }
      if let index = a.numbers.indices.first(where: { !haveSameBits(a.numbers[$0], b.numbers[$0]) }) {
        return "\(a.name)[\(index)]: expected the bits of \(b.numbers[index]), got \(a.numbers[index])"
      }
    }
    return nil
  }

  /// What lies farther from the definition than its bound, if anything; and how many bounds prove
  /// nothing.
  func difference(
    from definition: LayerDefinition<Scalar>.Results
  ) -> (worst: String?, vacuous: Int, count: Int) {
    var (vacuous, count) = (0, 0)
    var worst: (text: String, excess: Double)?
    func compare(_ name: String, _ actual: [Scalar], _ expected: [TrackedNumber<Scalar>]) {
      guard actual.count == expected.count else {
        worst = ("\(name): expected \(expected.count) numbers, got \(actual.count)", .infinity)
        return
      }
      for (index, number) in expected.enumerated() {
        count += 1
        if Tolerance.isVacuous(number.error, for: number.value) { vacuous += 1 }
        let error = (Double(actual[index]) - number.value).magnitude
        // A bound that is no number, such as that of a quotient of what may be 0, bounds nothing.
        guard !(error <= number.error), !number.error.isNaN else { continue }
        let excess = error.isNaN ? .infinity : error / number.error
        guard worst.map({ excess > $0.excess }) ?? true else { continue }
        worst = (
          "\(name)[\(index)]: expected \(number.value) ± \(number.error), got \(actual[index])", excess
        )
      }
    }
    compare("output", output, definition.output)
    compare("final h", hidden, definition.hidden)
    if let memory { compare("final c", memory, definition.memory) }
    if let inputGradient { compare("gradient of the input", inputGradient, definition.inputGradient) }
    if let hiddenGradient { compare("gradient of h", hiddenGradient, definition.hiddenGradient) }
    if let memoryGradient { compare("gradient of c", memoryGradient, definition.memoryGradient) }
    if !parameters.isEmpty {
      let expected = definition.parameters.flatMap { cell in
        [cell.weightIH, cell.weightHH, cell.biasIH, cell.biasHH, cell.weightHR, cell.weightUnit].compactMap {
          $0
        }
      }
      if expected.count == parameters.count {
        for (actual, expected) in zip(parameters, expected) {
          compare(actual.name, actual.gradient, expected)
        }
      } else {
        worst = ("expected gradients of \(expected.count) parameters, got \(parameters.count)", .infinity)
      }
    }
    return (worst?.text, vacuous, count)
  }
}
