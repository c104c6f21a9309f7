import RecurrentTestSupport

@testable import Recurrent

/// A history of changes to a layer and its copies: after each, a call must give what a new layer
/// with the same parameters gives.
///
/// Prepared weights are shared by copies and dropped by changes; what is called with old ones shows
/// here.
struct LayerMutations {
  private let layerCase: LayerCase
  private var generator: SeededGenerator

  /// For the case as the call of a layer without chance; `nil` where there is no such call.
  init?(_ layerCase: LayerCase) {
    generator = SeededGenerator(seed: layerCase.seed ^ 0x5EED)
    var plain = layerCase
    plain[.pass] = Bool.random(using: &generator) ? "call" : "bothGradients"
    for axis in [LayerCase.Axis.zoneout, .dropout] { plain[axis] = "none" }
    guard plain.isPossible, !plain.isCell else { return nil }
    self.layerCase = plain
  }

  /// What is wrong, if anything.
  ///
  /// - Parameter count: How many changes are made.
  /// - Returns: The history and the first difference, or `nil`.
  func failure(after count: Int) -> String? {
    var history = self
    do {
      return layerCase[.scalar] == "float"
        ? try history.failure(LayerCaseProblem<Float>(layerCase), count)
        : try history.failure(LayerCaseProblem<Double>(layerCase), count)
    } catch {
      return "\(error)"
    }
  }

  private mutating func failure<Scalar: TensorScalar>(
    _ problem: LayerCaseProblem<Scalar>, _ count: Int
  ) throws -> String? {
    var layers = [problem.layer()]
    var history: [String] = []
    for _ in 0..<count {
      let index = Int.random(in: layers.indices, using: &generator)
      history.append("\(index): \(try change(&layers, index, problem))")
      let engine = LayerEngine.all.randomElement(using: &generator) ?? LayerEngine.all[0]
      for (index, layer) in layers.enumerated() {
        let execution = problem.layerCase.execution(engine)
        let form = try problem.form(layer)
        let fresh = problem.layer().with(layer.stack.parameters)
        let expected = try problem.results(fresh, form, execution)
        let actual = try problem.results(layer, form, execution)
        if let difference = actual.differenceInBits(from: expected) {
          return "layer \(index) on \(engine) after \(history.joined(separator: ", ")): \(difference)"
        }
      }
    }
    return nil
  }

  /// Makes one change, and says which.
  private mutating func change<Scalar: TensorScalar>(
    _ layers: inout [SequenceLayer<Scalar>], _ index: Int, _ problem: LayerCaseProblem<Scalar>
  ) throws -> String {
    switch Int.random(in: 0..<5, using: &generator) {
    case 0:
      layers.append(layers[index])
      return "copied"
    case 1:
      let element = Int.random(in: 0..<problem.parameters[0].weightHH.scalars.count, using: &generator)
      layers[index].layer.parameters[0].weightHH.scalars[element] += 0.25
      return "changed in place"
    case 2:
      layers[index] = layers[index].with(problem.parameters)
      return "set back"
    case 3:
      let donor = layers.randomElement(using: &generator) ?? layers[index]
      let state = StateDictionary(layers: donor.stack.parameters, directions: problem.layerCase.directions)
      try layers[index].layer.load(state)
      return "loaded"
    default:
      let last = problem.parameters.count - 1
      let weights = layers[index].layer.parameters[last].weightIH
      layers[index].layer.parameters[last].weightIH = weights.scaled(by: 0.5)
      return "assigned"
    }
  }
}

extension Tensor {
  fileprivate func scaled(by factor: Scalar) -> Tensor {
    Tensor(unchecked: scalars.map { $0 * factor }, shape: shape)
  }
}
