import Foundation
import RecurrentTestSupport
import Testing
import VectorKernels

@testable import Recurrent

@Suite struct ActivationTests {
  /// Every pattern where `RECURRENT_EXHAUSTIVE` is 1, else a sample of patterns a prime apart.
  static let stride: UInt32 =
    ProcessInfo.processInfo.environment["RECURRENT_EXHAUSTIVE"] == "1" ? 1 : 2_503

  /// The sets that are available, with their place in the list of all.
  static let numbered = Array(InstructionSet.available.enumerated()).map { ($0.offset, $0.element) }

  @Test(
    "Float tanh errs by less than 4 ulp, is odd, stays in −1…1 and is 1 from where it rounds to 1",
    arguments: numbered)
  func hyperbolicTangent(number: Int, instructions: InstructionSet) {
    let activate = instructions.kernels.float.activate
    let accuracy = ActivationAccuracy.ofHyperbolicTangent(
      { activate(.hyperbolicTangent, $0, $1) }, stride: Self.stride,
      phase: phase(number, function: 0))
    expectAccurate(accuracy)
  }

  @Test("Float sigmoid errs by less than 4 ulp and stays in 0…1", arguments: numbered)
  func sigmoid(number: Int, instructions: InstructionSet) {
    let activate = instructions.kernels.float.activate
    let accuracy = ActivationAccuracy.ofSigmoid(
      { activate(.sigmoid, $0, $1) }, stride: Self.stride, phase: phase(number, function: 1))
    expectAccurate(accuracy)
  }

  private func phase(_ number: Int, function: Int) -> UInt32 {
    UInt32(1009 * (2 * number + function) + 1) % Self.stride
  }

  private func expectAccurate(_ accuracy: ActivationAccuracy) {
    #expect(
      accuracy.greatestError < Tolerance.activationUnits, "worst at \(accuracy.worstInput)")
    // What errs by nothing at all has compared nothing.
    #expect(accuracy.greatestError > 0.5)
    #expect(accuracy.misplacedNaNs == 0)
    #expect(accuracy.outOfRange == 0)
    #expect(accuracy.wrongZeros == 0)
    #expect(accuracy.oddnessViolations == 0)
    #expect(accuracy.returnsFromSaturation == 0)
  }

  @Test(
    "Double tanh errs by less than 4 ulp against the C library's, beside the library's own error",
    arguments: InstructionSet.available)
  func doubleHyperbolicTangent(instructions: InstructionSet) {
    var generator = SeededGenerator(seed: 8)
    var inputs: [Double] = [0, 1, 0x1p-1074, 0x1p-1030, 1e-20, 18.7149, 19.0625, 22, 1e300, .infinity]
    for exponent in -30...5 {
      inputs += (0..<40).map { _ in
        Double.random(in: 1..<2, using: &generator) * exp2(Double(exponent))
      }
    }
    inputs += inputs.map { -$0 }
    let images = activated(inputs, .hyperbolicTangent, instructions.kernels.double)
    for (input, image) in zip(inputs, images) {
      let exact = tanh(input)
      let bound = (Tolerance.activationUnits + Tolerance.referenceUnits) * exact.magnitude.ulp
      #expect((image - exact).magnitude <= bound, "at \(input)")
      #expect(image.magnitude <= 1)
    }
  }

  @Test("zero, NaN, infinities and subnormals map to what they should", arguments: InstructionSet.available)
  func specials(instructions: InstructionSet) {
    checkSpecials(instructions.kernels.float)
    checkSpecials(instructions.kernels.double)
  }

  private func checkSpecials<Scalar: TensorScalar>(_ kernels: KernelTable<Scalar>) {
    let inputs: [Scalar] = [
      0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .nan,
      .greatestFiniteMagnitude,
    ]
    let expected: [(Activation, [Scalar])] = [
      (.identity, inputs),
      (
        .hyperbolicTangent,
        [0, -0.0, 1, -1, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .nan, 1]
      ),
      (.sigmoid, [0.5, 0.5, 1, 0, 0.5, 0.5, .nan, 1]),
    ]
    for (activation, images) in expected {
      expectBitwiseEqual(
        Tensor(activated(inputs, activation, kernels)), Tensor(images), "\(activation)")
    }
    let rectified = activated(inputs + [-3, 3], .rectifier, kernels)
    #expect(rectified[6].isNaN)
    #expect(rectified.indices.allSatisfy { $0 == 6 || rectified[$0] >= 0 })
    #expect(rectified[2] == .infinity && rectified[3] == 0 && rectified[8] == 0 && rectified[9] == 3)
  }

  @Test("once tanh is 1, it stays 1, for Double too", arguments: InstructionSet.available)
  func saturation(instructions: InstructionSet) throws {
    var inputs: [Double] = []
    var input = 18.5
    while input < 22 {
      inputs.append(input)
      input += 0x1p-12
    }
    let images = activated(inputs, .hyperbolicTangent, instructions.kernels.double)
    let first = try #require(images.firstIndex(of: 1))
    #expect(first > 0)
    #expect(images[first...].allSatisfy { $0 == 1 })
  }

  @Test(
    "a partial vector gives the bits of a full one and writes nothing beyond its end",
    arguments: InstructionSet.available)
  func partialVectors(instructions: InstructionSet) {
    checkPartialVectors(instructions.kernels.float)
    checkPartialVectors(instructions.kernels.double)
  }

  private func checkPartialVectors<Scalar: TensorScalar>(_ kernels: KernelTable<Scalar>) {
    var generator = SeededGenerator(seed: 6)
    let inputs = Tensor<Scalar>.uniform([64], in: -9...9, using: &generator).scalars
    for activation in ProductTests.activations {
      let whole = activated(inputs, activation, kernels)
      for count in 1...40 {
        var buffer = [Scalar](repeating: 77, count: 3) + inputs.prefix(count)
        buffer += [Scalar](repeating: 77, count: 20)
        buffer.withUnsafeMutableBufferPointer {
          kernels.activate(activation, $0.baseAddress! + 3, count)
        }
        let context = "\(activation) of \(count)"
        expectBitwiseEqual(
          Tensor(Array(buffer[3..<(3 + count)])), Tensor(Array(whole.prefix(count))), context)
        #expect(buffer.prefix(3).allSatisfy { $0 == 77 }, "\(context)")
        #expect(buffer.suffix(20).allSatisfy { $0 == 77 }, "\(context)")
      }
    }
  }

  private func activated<Scalar>(
    _ inputs: [Scalar], _ activation: Activation, _ kernels: KernelTable<Scalar>
  ) -> [Scalar] {
    var buffer = inputs
    buffer.withUnsafeMutableBufferPointer {
      kernels.activate(activation, $0.baseAddress!, $0.count)
    }
    return buffer
  }
}
