extension RecurrentStack {
  /// Takes one number of a generator for a call in training.
  ///
  /// - Throws: ``RecurrentError/invalidValue(argument:expected:actual:)`` for a dropout out of
  ///   range.
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
