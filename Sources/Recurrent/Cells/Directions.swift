/// The directions of time in which a layer reads a sequence.
public enum Directions: String, Sendable, CaseIterable {
  /// From the first step to the last.
  case forward
  /// Both ways, by two cells in each layer: one from the first step to the last, the other from the
  /// last to the first. A layer's output has the features of the first and then of the second, step
  /// by step.
  case bidirectional

  /// D, the cells of a layer.
  public var count: Int { self == .forward ? 1 : 2 }
}
