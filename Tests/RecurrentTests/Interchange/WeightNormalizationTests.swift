import Testing

@testable import Recurrent

@Suite struct WeightNormalizationTests {
  /// PyTorch's names of the two parts of a weight, before and since version 2.0.
  private static let forms: [@Sendable (String) -> (magnitude: String, direction: String)] = [
    { ("\($0)_g", "\($0)_v") },
    { key in
      let parts = key.split(separator: ".")
      let prefix = parts.dropLast().map { "\($0)." }.joined() + "parametrizations.\(parts.last ?? "")."
      return ("\(prefix)original0", "\(prefix)original1")
    },
  ]

  private func random<Scalar: TensorScalar>(_ shape: Shape, _ seed: UInt64) -> Tensor<Scalar> {
    var generator = SeededGenerator(seed: seed)
    return .normal(shape, using: &generator)
  }

  /// g · v / ‖v‖ by the definition, row by row.
  private func weight<Scalar: TensorScalar>(_ g: Tensor<Scalar>, _ v: Tensor<Scalar>) throws -> Tensor<Scalar>
  {
    let columns = v.shape.dimensions.dropFirst().reduce(1, *)
    var result = v
    for row in 0..<v.shape[0] {
      var sum = 0.0
      for column in 0..<columns {
        sum += Double(v.scalars[row * columns + column]) * Double(v.scalars[row * columns + column])
      }
      for column in 0..<columns {
        let factor = Double(g.scalars[row]) / sum.squareRoot()
        result.scalars[row * columns + column] = Scalar(Double(v.scalars[row * columns + column]) * factor)
      }
    }
    return result
  }

  private func check<Scalar: TensorScalar>(_: Scalar.Type, form: Int) throws {
    let names = Self.forms[form]
    var plain = LSTM<Scalar>(inputSize: 3, hiddenSize: 2, layerCount: 2, directions: .bidirectional)
      .stateDictionary
    var normalized = plain
    for (index, key) in ["weight_hh_l0", "weight_ih_l1_reverse"].enumerated() {
      let shape = try #require(plain[key]).shape
      let v: Tensor<Scalar> = random(shape, UInt64(index))
      let g: Tensor<Scalar> = random([shape[0], 1], UInt64(index + 7))
      normalized[key] = nil
      normalized[names(key).magnitude] = g
      normalized[names(key).direction] = v
      plain[key] = try weight(g, v)
    }
    var lstm = LSTM<Scalar>(inputSize: 3, hiddenSize: 2, layerCount: 2, directions: .bidirectional)
    try lstm.load(normalized)
    #expect(lstm.stateDictionary == plain)
    #expect(try LSTM<Scalar>(stateDictionary: normalized).stateDictionary == plain)
  }

  @Test(arguments: 0...1) func theWeightIsFormed(form: Int) throws {
    try check(Float.self, form: form)
    try check(Double.self, form: form)
    // 3, 4 and 5, as one computes it by hand; a magnitude of 10 doubles it.
    let names = Self.forms[form]("head.weight")
    let state: StateDictionary<Float> = [
      names.magnitude: Tensor(unchecked: [10, -5], shape: [2, 1]),
      names.direction: Tensor(unchecked: [3, 4, 3, 4], shape: [2, 2]), "head.bias": Tensor([1, 2]),
    ]
    var model = Nested()
    try model.load(state)
    #expect(model.stateDictionary["head.weight"]?.scalars == [6, 8, -3, -4])
  }

  private struct Nested: Parameterized {
    var head = Linear<Float>(inputSize: 2, outputSize: 2)
    mutating func forEachParameter(_ body: (String, inout Tensor<Float>) throws -> Void) rethrows {
      try head.forEachParameter(under: "head", body)
    }
  }

  @Test func theNormIsThatOfWhatAMagnitudeStandsFor() throws {
    let v = Tensor<Double>(unchecked: [3, 5, 4, 12], shape: [2, 2])
    let cases: [(g: Tensor<Double>, weight: [Double])] = [
      (Tensor(194.0.squareRoot()), [3, 5, 4, 12]),
      (Tensor(unchecked: [10, 26], shape: [1, 2]), [6, 10, 8, 24]),
    ]
    for (g, weight) in cases {
      var linear = Linear<Double>(inputSize: 2, outputSize: 2, bias: false)
      try linear.load(["weight_g": g, "weight_v": v])
      #expect(linear.stateDictionary["weight"] == Tensor(unchecked: weight, shape: [2, 2]))
    }
  }

  @Test func whatIsWrongWithAPartIsNamed() throws {
    var cell = RNNCell<Float>(inputSize: 1, hiddenSize: 2, bias: false)
    let before = cell.stateDictionary
    func mismatch(_ state: StateDictionary<Float>) -> StateDictionaryMismatch? {
      do {
        try cell.load(state)
        return nil
      } catch {
        guard case .stateDictionaryMismatch(let mismatch) = error else { return nil }
        return mismatch
      }
    }
    let input = Tensor<Float>.zeros([2, 1])
    #expect(
      mismatch(["weight_ih": input, "weight_hh_v": .zeros([2, 2])])
        == StateDictionaryMismatch(missing: ["weight_hh_g"]))
    #expect(
      mismatch(["weight_ih": input, "weight_hh_g": .zeros([2, 1]), "x": input])
        == StateDictionaryMismatch(missing: ["weight_hh_v"], unexpected: ["x"]))
    #expect(
      mismatch(["weight_ih": input, "weight_hh_g": .zeros([2]), "weight_hh_v": .zeros([2, 2])])
        == StateDictionaryMismatch(misshapen: [.init(key: "weight_hh_g", expected: [2, 1], actual: [2])]))
    #expect(
      mismatch(["weight_ih": input, "weight_hh_g": .zeros([2, 1]), "weight_hh_v": .zeros([3, 2])])
        == StateDictionaryMismatch(misshapen: [.init(key: "weight_hh_v", expected: [2, 2], actual: [3, 2])]))
    // Parts beside the weight itself are tensors like others.
    #expect(
      mismatch(["weight_ih": input, "weight_hh": .zeros([2, 2]), "weight_hh_g": .zeros([2, 1])])
        == StateDictionaryMismatch(unexpected: ["weight_hh_g"]))
    #expect(cell.stateDictionary == before)
  }

  @Test func otherReparametrizationsAreNamed() throws {
    let weight = Tensor<Float>.zeros([2, 2])
    let vector = Tensor<Float>.zeros([2])
    let cases: [(parts: StateDictionary<Float>, word: String)] = [
      (
        ["weight_hh_l0_orig": weight, "weight_hh_l0_u": vector, "weight_hh_l0_v": vector],
        "remove_spectral_norm"
      ),
      (["weight_hh_l0_orig": weight, "weight_hh_l0_mask": weight], "prune.remove"),
      (
        [
          "parametrizations.weight_hh_l0.original": weight, "parametrizations.weight_hh_l0.0._u": vector,
          "parametrizations.weight_hh_l0.0._v": vector,
        ], "remove_parametrizations"
      ),
    ]
    for (parts, word) in cases {
      var state = parts
      state["weight_ih_l0"] = .zeros([2, 1])
      for load in [
        {
          var rnn = RNN<Float>(inputSize: 1, hiddenSize: 2, bias: false); try rnn.load(state)
        },
        { _ = try RNN<Float>(stateDictionary: state) },
      ] as [() throws -> Void] {
        #expect {
          try load()
        } throws: {
          guard case .invalidValue("weight_hh_l0", _, let actual) = $0 as? RecurrentError else {
            return false
          }
          return actual.contains(word)
        }
      }
    }
  }

  @Test func gradientsAreNotFormedFromParts() throws {
    var cell = RNNCell<Float>(inputSize: 1, hiddenSize: 1, bias: false)
    var optimizer = SGD<Float>(learningRate: 1)
    let one = Tensor<Float>.zeros([1, 1])
    #expect(
      throws: RecurrentError.stateDictionaryMismatch(
        StateDictionaryMismatch(missing: ["weight_hh"], unexpected: ["weight_hh_g", "weight_hh_v"]))
    ) {
      try optimizer.update(&cell, with: ["weight_ih": one, "weight_hh_g": one, "weight_hh_v": one])
    }
  }
}
