/// What a stack of layers leaves to chance while it is trained.
struct Regularization: Sendable, Equatable {
  /// The probability with which elements between the layers are dropped.
  var dropout = 0.0
  /// Whether a sequence has one mask for all of its steps.
  var isVariational = false
  /// Which states keep their value.
  var zoneout = Zoneout()
}

/// What one call in training has drawn: a key, from which all masks follow.
@usableFromInline
struct TrainingNoise: Sendable {
  private let probability: Double
  /// Whether a sequence has one mask for all of its steps.
  let isSameAtEveryStep: Bool
  private let key: UInt64

  init(probability: Double, key: UInt64, isSameAtEveryStep: Bool = false) {
    self.probability = probability
    self.key = key
    self.isSameAtEveryStep = isSameAtEveryStep
  }

  /// Whether anything is dropped between layers.
  var dropsInputs: Bool { probability > 0 }

  /// The mask of what a layer above the first takes, `[T, B, D·P]`.
  func mask(intoLayer layer: Int) -> DropoutMask {
    DropoutMask(probability: probability, key: SeededGenerator.number(layer, seed: key))
  }

  /// The key of the states of a cell that keep their value. Numbers below zero are no layer's.
  func zoneoutKey(ofCell cell: Int, cellState: Bool) -> UInt64 {
    SeededGenerator.number(-1 - 2 * cell - (cellState ? 1 : 0), seed: key)
  }
}
