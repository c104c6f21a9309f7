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
  func zoneoutKey(ofCell cell: Int, memory: Bool) -> UInt64 {
    SeededGenerator.number(-1 - 2 * cell - (memory ? 1 : 0), seed: key)
  }
}

extension RecurrentStack {
  /// Takes one number of a generator for a call in training.
  ///
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of range.
  func noise<Generator: RandomNumberGenerator>(
    using generator: inout Generator
  ) throws(RecurrentError) -> TrainingNoise {
    guard (0...1).contains(regularization.dropout) else {
      throw .invalidValue(
        argument: "dropout", expected: "0 to 1", actual: "\(regularization.dropout)")
    }
    return TrainingNoise(
      probability: regularization.dropout, key: generator.next(),
      isSameAtEveryStep: regularization.isVariational)
  }

  /// Zoneout in a call that has drawn this, or nothing; `nil` where states do not keep their value.
  @inline(__always)
  func zoneoutPass(noise: TrainingNoise?) -> ZoneoutPass? {
    regularization.zoneout == Zoneout()
      ? nil : ZoneoutPass(zoneout: regularization.zoneout, noise: noise)
  }

  /// Checks the probabilities of zoneout, which calls without a generator use too.
  func validateZoneout() throws(RecurrentError) {
    let zoneout = regularization.zoneout
    guard zoneout != Zoneout() else { return }
    for (name, probability) in [("hidden", zoneout.hidden), ("memory", zoneout.memory)]
    where !(0...1).contains(probability) {
      throw .invalidValue(argument: "zoneout.\(name)", expected: "0 to 1", actual: "\(probability)")
    }
  }
}
