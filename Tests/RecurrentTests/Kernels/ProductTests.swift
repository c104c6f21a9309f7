import Foundation
import RecurrentTestSupport
import Testing
import VectorKernels

@testable import Recurrent

@Suite struct ProductTests {
  static let columnCounts = [0, 1, 2, 3, 5, 7, 13, 16, 17, 31, 33, 63, 64, 65, 100, 129]
  static let depths = [0, 1, 2, 9, 20]
  static let activations: [Activation] = [.identity, .rectifier, .hyperbolicTangent, .sigmoid]

  @Test(
    "a packed product equals its sums in Double and leaves everything around C alone",
    arguments: InstructionSet.available, ProblemDescriptor.ScalarKind.allCases)
  func definition(instructions: InstructionSet, scalar: ProblemDescriptor.ScalarKind) {
    switch scalar {
    case .float: checkDefinition(instructions.kernels.float, instructions)
    case .double: checkDefinition(instructions.kernels.double, instructions)
    }
  }

  private func checkDefinition<Scalar: TensorScalar>(
    _ kernels: KernelTable<Scalar>, _ instructions: InstructionSet
  ) {
    var number = 0
    for columns in Self.columnCounts {
      for rows in 0...14 {
        // Walks through all combinations of what follows, a different one for each shape.
        number += 1
        let depth = Self.depths[number % Self.depths.count]
        let arrangement = KernelProbe<Scalar>.Arrangement.allCases[number % 3]
        let accumulates = number / 3 % 2 == 0
        let activation = Self.activations[number / 2 % 4]
        let probe = KernelProbe<Scalar>(
          rows: rows, columns: columns, depth: depth, seed: UInt64(number))
        let context =
          "\(instructions) \(Scalar.self) [\(rows), \(depth)]·[\(columns), \(depth)]ᵀ \(arrangement) "
          + "\(activation) \(accumulates ? "accumulated" : "from the start"), seed \(number)"
        guard let product = probe.product(kernels, arrangement, accumulates: accumulates, activation)
        else {
          Issue.record("\(context): a canary was overwritten")
          continue
        }
        let reference = probe.reference(accumulates: accumulates)
        var (expected, bound): ([Double], [Double]) = ([], [])
        for (sum, magnitude) in zip(reference.sums, reference.magnitudes) {
          let error = Tolerance.sumBound(termCount: depth + 1, magnitude: magnitude, Scalar.self)
          expected.append(image(of: sum, by: activation))
          bound.append(self.bound(at: sum, error: error, activation, Scalar.self))
        }
        expectClose(Tensor(product), expected, bound: bound, context)
      }
    }
  }

  private func image(of sum: Double, by activation: Activation) -> Double {
    switch activation {
    case .identity: sum
    case .rectifier: max(sum, 0)
    case .hyperbolicTangent: tanh(sum)
    case .sigmoid: 1 / (1 + exp(-sum))
    }
  }

  private func bound<Scalar: TensorScalar>(
    at sum: Double, error: Double, _ activation: Activation, _: Scalar.Type
  ) -> Double {
    switch activation {
    case .identity, .rectifier: error
    case .hyperbolicTangent: Tolerance.activationBound(.tanh, at: sum, error: error, Scalar.self)
    case .sigmoid: Tolerance.sigmoidBound(error: error, Scalar.self)
    }
  }

  @Test(
    "every sum is made of its accumulators in order, from whichever end the columns are taken",
    arguments: InstructionSet.available, ProblemDescriptor.ScalarKind.allCases)
  func accumulators(instructions: InstructionSet, scalar: ProblemDescriptor.ScalarKind) throws {
    switch scalar {
    case .float: try checkSegments(instructions.kernels.float, instructions)
    case .double: try checkSegments(instructions.kernels.double, instructions)
    }
  }

  private func checkSegments<Scalar: TensorScalar>(
    _ kernels: KernelTable<Scalar>, _ instructions: InstructionSet
  ) throws {
    for columns in [1, 7, 16, 20, 33, 48, 64, 100, 129] {
      for rows in 1...9 {
        for accumulators in [1, 2, 4] {
          let depth = [8, 11, 20, 64][(rows + columns) % 4]
          let probe = KernelProbe<Scalar>(
            rows: rows, columns: columns, depth: depth, seed: UInt64(1000 * columns + rows))
          let accumulates = rows % 2 == 0
          let expected = probe.orderedSums(
            accumulates: accumulates, accumulators: accumulators, isFused: instructions.hasFusedMultiplyAdd)
          for startsAtEnd in [false, true] {
            let product = try #require(
              probe.product(
                kernels, .strided, accumulates: accumulates, .identity, accumulators: accumulators,
                startsAtEnd: startsAtEnd))
            expectBitwiseEqual(
              Tensor(product), Tensor(expected),
              "[\(rows), \(depth)]·[\(columns), \(depth)]ᵀ in \(accumulators) accumulators, from the end: \(startsAtEnd)"
            )
          }
        }
      }
    }
  }

  @Test(
    "a chain of products is these products one after the other",
    arguments: InstructionSet.available, ProblemDescriptor.ScalarKind.allCases)
  func chain(instructions: InstructionSet, scalar: ProblemDescriptor.ScalarKind) {
    switch scalar {
    case .float: checkChain(instructions.kernels.float)
    case .double: checkChain(instructions.kernels.double)
    }
  }

  private func checkChain<Scalar: TensorScalar>(_ kernels: KernelTable<Scalar>) {
    for size in [8, 16, 20, 33, 48, 64, 100, 128] {
      for rows in 1...7 {
        let accumulators = size <= 32 ? 4 : 2
        let probe = KernelProbe<Scalar>(
          rows: rows, columns: size, depth: size, seed: UInt64(10 * size + rows))
        let chained = probe.chain(kernels, iterations: 4, accumulators: accumulators, oneByOne: false)
        let single = probe.chain(kernels, iterations: 4, accumulators: accumulators, oneByOne: true)
        expectBitwiseEqual(Tensor(chained), Tensor(single), "\(rows) rows of \(size)")
      }
    }
  }

  @Test(
    "a chain that goes on from a product gives the bits of the two one after the other, and leaves what stands around C alone",
    arguments: InstructionSet.available, ProblemDescriptor.ScalarKind.allCases)
  func continuedChain(instructions: InstructionSet, scalar: ProblemDescriptor.ScalarKind) {
    switch scalar {
    case .float: checkContinuedChain(instructions.kernels.float)
    case .double: checkContinuedChain(instructions.kernels.double)
    }
  }

  private func checkContinuedChain<Scalar: TensorScalar>(_ kernels: KernelTable<Scalar>) {
    for size in [1, 7, 8, 16, 20, 24, 33, 48, 64, 80, 100] {
      for rows in [1, 2, 3, 4, 5, 6, 7, 8, 13] {
        for depth in [1, 9, 32, 100] {
          let seed = UInt64(100 * size + 10 * rows + depth)
          let product = KernelProbe<Scalar>(rows: 3 * rows, columns: size, depth: depth, seed: seed)
          let chain = KernelProbe<Scalar>(rows: rows, columns: size, depth: size, seed: seed + 1)
          let accumulators = size < 8 ? 1 : size <= 32 ? 4 : 2
          let results = [false, true].map { inTwoCalls in
            product.continued(
              by: chain, kernels, iterations: 3, accumulators: accumulators,
              batchFirst: rows.isMultiple(of: 2),
              inTwoCalls: inTwoCalls)
          }
          expectBitwiseEqual(
            Tensor(results[0]), Tensor(results[1]), "\(rows) rows of \(depth) and \(size)")
          #expect(results[0].filter { $0 == KernelProbe<Scalar>.canary }.count == 3 * rows * 3)
        }
      }
    }
  }

  @Test(
    "the rows of a batch have the bits that each has alone, whatever the tile",
    arguments: InstructionSet.available, ProblemDescriptor.ScalarKind.allCases)
  func rowsAlone(instructions: InstructionSet, scalar: ProblemDescriptor.ScalarKind) throws {
    switch scalar {
    case .float: try checkRowsAlone(instructions.kernels.float)
    case .double: try checkRowsAlone(instructions.kernels.double)
    }
  }

  private func checkRowsAlone<Scalar: TensorScalar>(_ kernels: KernelTable<Scalar>) throws {
    for columns in [1, 7, 16, 33, 64, 100] {
      for rows in 1...14 {
        let probe = KernelProbe<Scalar>(
          rows: rows, columns: columns, depth: 23, seed: UInt64(100 * columns + rows))
        let accumulates = rows % 2 == 0
        let all = try #require(
          probe.product(kernels, .contiguous, accumulates: accumulates, .hyperbolicTangent))
        for arrangement in KernelProbe<Scalar>.Arrangement.allCases {
          let alone = try (0..<rows).flatMap {
            try #require(
              probe.product(
                kernels, arrangement, accumulates: accumulates, .hyperbolicTangent, onlyRow: $0))
          }
          expectBitwiseEqual(Tensor(alone), Tensor(all), "\(rows) rows, \(columns) columns")
        }
      }
    }
  }

  #if arch(x86_64)
    @Test(
      "AVX2 and AVX-512 give the same bits",
      .enabled(if: InstructionSet.available.contains(.avx512)),
      arguments: ProblemDescriptor.ScalarKind.allCases)
    func fusedSets(scalar: ProblemDescriptor.ScalarKind) throws {
      switch scalar {
      case .float: try checkEqual(InstructionSet.avx2.kernels.float, InstructionSet.avx512.kernels.float)
      case .double: try checkEqual(InstructionSet.avx2.kernels.double, InstructionSet.avx512.kernels.double)
      }
    }
  #endif

  private func checkEqual<Scalar: TensorScalar>(
    _ first: KernelTable<Scalar>, _ second: KernelTable<Scalar>
  ) throws {
    for columns in Self.columnCounts {
      for activation in Self.activations {
        let probe = KernelProbe<Scalar>(rows: 7, columns: columns, depth: 31, seed: UInt64(columns))
        let a = try #require(probe.product(first, .strided, accumulates: false, activation))
        let b = try #require(probe.product(second, .strided, accumulates: false, activation))
        expectBitwiseEqual(Tensor(a), Tensor(b), "\(columns) columns, \(activation)")
      }
    }
  }
}
