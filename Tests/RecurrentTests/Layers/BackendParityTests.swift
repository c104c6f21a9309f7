import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Every backend on every instruction set against the reference, on cases that a seed draws.
@Suite struct BackendParityTests {
  static let sizes = [1, 2, 3, 5, 7, 16, 17, 20, 31, 33, 64, 65, 100]
  static let batches: [Int?] = [nil] + (0...33).map { $0 }

  /// The cases: options are walked through, so that each occurs with each other; sizes are drawn.
  static let cases = ProblemDescriptor.selected(
    from: (0..<160).map { number in
      var generator = SeededGenerator(seed: UInt64(number))
      var descriptor = ProblemDescriptor(seed: UInt64(number))
      descriptor.nonlinearity = number % 2 == 0 ? .tanh : .relu
      descriptor.bias = number / 2 % 2 == 0
      descriptor.scalar = number / 4 % 2 == 0 ? .float : .double
      descriptor.hasState = number / 8 % 2 == 0
      descriptor.batchFirst = number / 16 % 2 == 0
      descriptor.layerCount = number % 4 + 1
      descriptor.batch = batches[number % batches.count]
      descriptor.inputSize = sizes[number % sizes.count]
      descriptor.hiddenSize = sizes[Int.random(in: 0..<sizes.count, using: &generator)]
      // As many steps as the debug build's triple loop can take, and as leave the bound meaningful.
      let width = descriptor.inputSize + (2 * descriptor.layerCount - 1) * descriptor.hiddenSize
      let work = max(1, descriptor.rows * descriptor.hiddenSize * width)
      descriptor.steps = max(1, min(6, 120_000 / work))
      return descriptor
    })

  @Test("every backend on every instruction set is within the bound of the reference", arguments: cases)
  func reference(descriptor: ProblemDescriptor) throws {
    switch descriptor.scalar {
    case .float: try check(descriptor, Float.self)
    case .double: try check(descriptor, Double.self)
    }
  }

  private func check<Scalar: TensorScalar>(_ descriptor: ProblemDescriptor, _: Scalar.Type) throws {
    let expectation = Problem<Scalar>(descriptor).expectation()
    for variant in variants(of: descriptor) {
      let result = try Problem<Scalar>(variant).run()
      expectClose(
        result.output, expectation.output, bound: expectation.bound.output, variant.description)
      expectClose(
        result.finalState, expectation.finalState, bound: expectation.bound.finalState,
        variant.description)
    }
  }

  private func variants(of descriptor: ProblemDescriptor) -> [ProblemDescriptor] {
    var variants: [ProblemDescriptor] = []
    for backend in Backend.available {
      // OpenBLAS leaves the activations to the kernels, so their set matters there too.
      for instructions in InstructionSet.available {
        var variant = descriptor
        variant.backend = backend
        variant.instructions = instructions
        variants.append(variant)
      }
    }
    return variants
  }

  @Test("the cases reach every option together with every other")
  func coverage() {
    guard Self.cases.count > 1 else { return }
    func pairs<A: Hashable, B: Hashable>(
      _ a: (ProblemDescriptor) -> A, _ b: (ProblemDescriptor) -> B
    ) -> Int {
      Set(Self.cases.map { [AnyHashable(a($0)), AnyHashable(b($0))] }).count
    }
    #expect(pairs(\.nonlinearity, \.bias) == 4)
    #expect(pairs(\.nonlinearity, \.scalar) == 4)
    #expect(pairs(\.batchFirst, \.layerCount) == 8)
    #expect(pairs(\.scalar, \.layerCount) == 8)
    #expect(pairs(\.scalar, \.batchFirst) == 4)
    #expect(pairs(\.hasState, \.batchFirst) == 4)
    #expect(Set(Self.cases.map(\.batch)).count == Self.batches.count)
    #expect(Set(Self.cases.map(\.inputSize)).count == Self.sizes.count)
    #expect(Set(Self.cases.map(\.hiddenSize)).count == Self.sizes.count)
  }

  @Test("a case's line makes the case again")
  func lines() throws {
    for descriptor in Self.cases {
      #expect(try ProblemDescriptor(descriptor.description) == descriptor)
    }
    let line = "rnn tanh bias l2 t5 b3 i4 h7 float swift avx2 seed 17"
    #expect(try ProblemDescriptor(line).description == line)
    for bad in ["", "rnn seed", "rnn tanh l2 seed x", "lstm tanh seed 1", "rnn tanh q3 seed 1"] {
      #expect(throws: ProblemDescriptor.MalformedLine.self) { try ProblemDescriptor(bad) }
    }
  }
}
