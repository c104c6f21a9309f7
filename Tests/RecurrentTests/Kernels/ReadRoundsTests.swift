import RecurrentTestSupport
import Testing
import VectorKernels

@testable import Recurrent

@Suite struct ReadRoundsTests {
  @Test(
    "every scalar of the buffer is added once in each round, and none around it",
    arguments: InstructionSet.available, ProblemDescriptor.ScalarKind.allCases)
  func sums(instructions: InstructionSet, scalar: ProblemDescriptor.ScalarKind) {
    switch scalar {
    case .float: checkSums(instructions.kernels.float)
    case .double: checkSums(instructions.kernels.double)
    }
  }

  private func checkSums<Scalar: TensorScalar>(_ kernels: KernelTable<Scalar>) {
    let margin = 3
    for vectors in [0, 1, 2, 7, 8, 9, 15, 16, 17, 29] {
      let count = vectors * kernels.laneCount
      // All different, so that one read twice does not stand for one left out; small integers,
      // whose sums are exact.
      let numbers = (0..<count).map { Scalar($0 + 1) }
      let around = [Scalar](repeating: .nan, count: margin)
      let sum = count * (count + 1) / 2
      (around + numbers + around + [.nan]).withUnsafeBufferPointer { memory in
        for rounds in 0...3 {
          var value: Scalar = 0
          kernels.readRounds(memory.baseAddress! + margin, vectors, rounds, &value)
          #expect(value == Scalar(rounds * sum), "\(vectors) vectors, \(rounds) rounds")
        }
      }
    }
  }

  @Test("as many bytes are counted as are read: whole vectors", arguments: InstructionSet.available)
  func bytes(instructions: InstructionSet) {
    let lanes = instructions.kernels.float.laneCount
    let numbers = [Float](repeating: 1, count: 5 * lanes + 1)
    numbers.withUnsafeBufferPointer {
      #expect(instructions.performReads(of: $0, rounds: 3) == 3 * 5 * lanes * 4)
    }
    #expect(instructions.performReads(of: UnsafeBufferPointer(start: nil, count: 0), rounds: 3) == 0)
  }
}
