import Recurrent

extension Tolerance {
  /// The error of results and gradients of a deep computation in Double, where the rigorous bound,
  /// which follows every number, is not at hand.
  ///
  /// A result is a path through at most `depth` cells, forward and back. Each cell sums at most
  /// `termCount` products, so that it adds γ_k·magnitude and passes on what it got, times the norm
  /// of its weights and the Lipschitz constant of its activations, 1 at most, and of its own state.
  /// So an error grows by the factor (1 + ‖W‖) in each cell:
  ///
  ///     error ≤ γ_k · magnitude · (1 + ‖W‖)^depth
  ///
  /// with k all roundings on the path. It is for Double, where it stays far below any real mistake.
  public static func pathBound(
    depth: Int, termCount: Int, weightNorm: Double, magnitude: Double
  ) -> Double {
    var growth = 1.0
    for _ in 0..<depth { growth *= 1 + weightNorm }
    let roundings = gamma(depth * termCount, unitRoundoff: unitRoundoff(Double.self))
    return slack * roundings * max(1, magnitude) * growth
  }
}
