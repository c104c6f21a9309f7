import Foundation
import Recurrent
import Testing

/// What PyTorch computed, from Utilities/ReferenceImplementations/generate_fixtures.py.
struct Fixture: Sendable, CustomTestStringConvertible {
  let name: String

  static let all: [Fixture] = {
    let folder = Bundle.module.bundleURL.appendingPathComponent("Fixtures").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".safetensors") }.sorted().map(Fixture.init)
  }()

  /// The fixtures whose metadata says this kind.
  static func all(ofKind kind: String) -> [Fixture] {
    all.filter { (try? $0.file().metadata["kind"]) == kind }
  }

  func file() throws -> SafetensorsFile {
    let folder = Bundle.module.bundleURL.appendingPathComponent("Fixtures")
    return try SafetensorsFile(path: folder.appendingPathComponent(name).path)
  }

  var testDescription: String { name }

  /// The rigorous bound multiplies with every step and layer; in `Float` it says nothing any more
  /// about the slides' four layers. `RecurrentPassTests` looks at each step of such passes instead.
  var suitsFloat: Bool { !name.contains("l4-t10") }
  /// The same for the bounds of gradients, which multiply in the backward pass too.
  var suitsFloatGradients: Bool { suitsFloat && !name.contains("l2-t8") }
}

extension SafetensorsFile {
  /// A tensor that was stored in double precision, rounded to the scalar of the test.
  func golden<Scalar: TensorScalar>(
    _ name: String, as _: Scalar.Type = Scalar.self
  ) throws -> Tensor<Scalar> {
    Tensor<Scalar>(try tensor(name, as: Double.self))
  }

  func goldenParameters<Scalar: TensorScalar>(
    _ prefix: String = "parameters."
  ) throws -> StateDictionary<Scalar> {
    StateDictionary(
      try tensorNames.filter { $0.hasPrefix(prefix) }
        .map { (String($0.dropFirst(prefix.count)), try golden($0)) })
  }

  func initialState<Scalar: TensorScalar>() throws -> Tensor<Scalar>? {
    tensorNames.contains("initial_state") ? try golden("initial_state") : nil
  }

  var nonlinearity: Nonlinearity { metadata["nonlinearity"] == "relu" ? .relu : .tanh }
}
