import Recurrent
import RecurrentTestSupport
import Testing

// What PyTorch computed, from Utilities/ReferenceImplementations/generate_training_fixtures.py.

extension SafetensorsFile {
  /// A tensor that was stored in double precision, rounded to the scalar of the test.
  func stored<Scalar: TensorScalar>(
    _ name: String, as _: Scalar.Type = Scalar.self
  ) throws -> Tensor<Scalar> {
    Tensor<Scalar>(try tensor(name, as: Double.self))
  }

  /// The tensors behind a prefix, rounded to the scalar of the test.
  func storedDictionary<Scalar: TensorScalar>(
    _ prefix: String, as _: Scalar.Type = Scalar.self
  ) throws -> StateDictionary<Scalar> {
    StateDictionary(
      try stateDictionary(as: Double.self, prefix: prefix).map { ($0.key, Tensor($0.value)) })
  }

  /// A number of the metadata; PyTorch's options are written there.
  func number(_ name: String) throws -> Double {
    try #require(metadata[name].flatMap { Double($0) }, "the fixture has no number \(name)")
  }
}

/// A model that is nothing but named tensors.
struct BareModel<Scalar: TensorScalar>: Parameterized {
  var parameters: StateDictionary<Scalar>

  mutating func forEachParameter(_ body: (String, inout Tensor<Scalar>) throws -> Void) rethrows {
    for key in parameters.keys {
      guard var tensor = parameters[key] else { continue }
      parameters[key] = .zeros([0])
      defer { parameters[key] = tensor }
      try body(key, &tensor)
    }
  }
}

/// Two layers in a struct of their user's.
struct TwoLayerModel<Scalar: TensorScalar>: Parameterized {
  var hidden: Linear<Scalar>
  var head: Linear<Scalar>

  mutating func forEachParameter(_ body: (String, inout Tensor<Scalar>) throws -> Void) rethrows {
    try hidden.forEachParameter(under: "hidden", body)
    try head.forEachParameter(under: "head", body)
  }
}
