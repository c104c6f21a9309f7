import RecurrentTestSupport
import Testing

@testable import Recurrent

@Suite struct LinearTests {
  @Test("the leading axes stay, whatever they are", arguments: Backend.available)
  func axes(backend: Backend) throws {
    var linear = Linear<Float>(inputSize: 3, outputSize: 5)
    linear.backend = backend
    let shapes: [(Shape, Shape)] = [
      ([3], [5]), ([2, 3], [2, 5]), ([4, 2, 3], [4, 2, 5]), ([0, 3], [0, 5]), ([2, 0, 3], [2, 0, 5]),
    ]
    for (input, output) in shapes {
      let (value, pullback) = try linear.valueWithPullback(at: .zeros(input))
      #expect(value.shape == output)
      #expect(try linear(.zeros(input)).shape == output)
      let gradients = try pullback(.zeros(output))
      #expect(gradients.input.shape == input)
      #expect(gradients.parameters.weight.shape == [5, 3] && gradients.parameters.bias?.shape == [5])
    }
  }

  @Test("parameters are uniform within ±1/√I and reproducible")
  func initialization() {
    var (a, b) = (SeededGenerator(seed: 5), SeededGenerator(seed: 5))
    let linear = Linear<Float>(inputSize: 16, outputSize: 400, using: &a)
    #expect(linear.parameters == Linear<Float>(inputSize: 16, outputSize: 400, using: &b).parameters)
    let weights = linear.parameters.weight.scalars
    #expect(weights.allSatisfy { $0.magnitude <= 0.25 })
    #expect(weights.contains { $0 > 0.24 } && weights.contains { $0 < -0.24 })
    #expect(linear.parameters.bias?.scalars.allSatisfy { $0.magnitude <= 0.25 } == true)
  }

  @Test("a layer prints as PyTorch prints it")
  func description() {
    #expect(
      Linear<Float>(inputSize: 3, outputSize: 1, bias: false).description
        == "Linear(in_features=3, out_features=1, bias=False)")
  }

  @Test("a row alone has the bits of the row in a batch, on all instruction sets that fuse")
  func bits() throws {
    var generator = SeededGenerator(seed: 6)
    let linear = Linear<Float>(inputSize: 37, outputSize: 19, using: &generator)
    let input = Tensor<Float>.uniform([2100, 37], in: -1...1, using: &generator)
    let gradient = Tensor<Float>.uniform([2100, 19], in: -1...1, using: &generator)
    let fused = InstructionSet.available.filter(\.hasFusedMultiplyAdd)
    var first: (Tensor<Float>, LinearGradients<Float>)?
    for instructions in fused {
      let execution = Execution(backend: .swift, instructions: instructions)
      let (output, pullback) = try linear.valueWithPullback(at: input, execution: execution)
      let gradients = try pullback(gradient)
      for row in [0, 1, 1049, 2099] {
        let (alone, single) = try linear.valueWithPullback(at: input[row], execution: execution)
        expectBitwiseEqual(alone, output[row], "\(instructions) row \(row)")
        expectBitwiseEqual(
          try single(gradient[row]).input, gradients.input[row], "\(instructions) gradient \(row)")
      }
      let (expected, other) = first ?? (output, gradients)
      first = (expected, other)
      expectBitwiseEqual(output, expected, "\(instructions)")
      expectBitwiseEqual(gradients.parameters.weight, other.parameters.weight, "\(instructions)")
      expectBitwiseEqual(gradients.input, other.input, "\(instructions)")
    }
  }

  @Test("a pullback belongs to the weights of its call")
  func snapshot() throws {
    var linear = Linear<Double>(inputSize: 2, outputSize: 1)
    linear.parameters.weight = try Tensor([2, 3], shape: [1, 2])
    let (_, pullback) = try linear.valueWithPullback(at: Tensor([1, 1]))
    linear.parameters.weight = .zeros([1, 2])
    #expect(try pullback(Tensor([1])).input == Tensor([2, 3]))
    #expect(try linear(Tensor([0, 0])).scalars == linear.parameters.bias?.scalars)
  }

  @Test("other shapes throw what was expected and what came")
  func shapes() throws {
    let linear = Linear<Float>(inputSize: 3, outputSize: 5)
    for shape: Shape in [[], [2], [3, 2]] {
      #expect(
        throws: RecurrentError.shapeMismatch(argument: "input", expected: "[…, 3]", actual: shape)
      ) { try linear(.zeros(shape)) }
    }
    let (_, pullback) = try linear.valueWithPullback(at: .zeros([2, 3]))
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "outputGradient", expected: "[2, 5]", actual: [5, 2])
    ) { try pullback(.zeros([5, 2])) }
  }

  @Test("a misshapen parameter throws its name at the next call")
  func misshapen() {
    var linear = Linear<Float>(inputSize: 3, outputSize: 5)
    linear.parameters.bias = .zeros([3])
    #expect(
      throws: RecurrentError.shapeMismatch(argument: "parameters.bias", expected: "[5]", actual: [3])
    ) { try linear(.zeros([3])) }
    linear.parameters.weight = .zeros([3, 5])
    #expect(
      throws: RecurrentError.shapeMismatch(
        argument: "parameters.weight", expected: "[5, 3]", actual: [3, 5])
    ) { try linear(.zeros([3])) }
  }

  @Test(
    "a size out of range makes no layer that traps, and each call throws",
    arguments: [(0, 4), (3, 0), (-1, 4), (Int.max, 4), (3, Int.max), (1 << 30, 1 << 30)])
  func sizes(inputSize: Int, outputSize: Int) {
    let linear = Linear<Float>(inputSize: inputSize, outputSize: outputSize)
    #expect(throws: RecurrentError.self) { try linear(.zeros([2, 3])) }
    #expect(throws: RecurrentError.self) { try linear.valueWithPullback(at: .zeros([2, 3])) }
  }

  @Test("a state dictionary tells the sizes and the bias, and nothing else passes")
  func stateDictionary() throws {
    for bias in [true, false] {
      let linear = Linear<Float>(inputSize: 3, outputSize: 5, bias: bias)
      let copy = try Linear(stateDictionary: linear.stateDictionary)
      #expect(copy.parameters == linear.parameters && copy.description == linear.description)
    }
    let wrong: [StateDictionary<Float>] = [
      [:], ["bias": .zeros([3])], ["weight": .zeros([3])], ["weight": .zeros([0, 3])],
      ["weight": .zeros([2, 3]), "bias": .zeros([3])], ["weight": .zeros([2, 3]), "other": .zeros([3])],
    ]
    for dictionary in wrong {
      #expect(throws: RecurrentError.self) { try Linear(stateDictionary: dictionary) }
    }
  }
}
