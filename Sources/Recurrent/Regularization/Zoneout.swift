/// Lets states keep their value at random while a network is trained: dropout that does not cut the
/// way through time.
///
///     h_t = d ⊙ h_{t−1} + (1 − d) ⊙ h̃_t          c_t = e ⊙ c_{t−1} + (1 − e) ⊙ c̃_t
///
/// where h̃_t and c̃_t are what the cell computes, and each element of d and e is 1 with the
/// probability given here, drawn anew for each step, row and unit. A call that takes no generator
/// uses the expectation: the probabilities stand for d and e.
///
/// Each call takes one number of its generator, from which masks follow by place: they depend on
/// neither threads nor checkpoints.
///
/// ### Source
/// D. Krueger et al., "Zoneout: regularizing RNNs by randomly preserving hidden activations", ICLR
/// 2017.
public struct Zoneout: Sendable, Equatable {
  /// The probability with which an element of h keeps its value, 0 to 1.
  public var hidden: Double
  /// The probability with which an element of c keeps its value, 0 to 1.
  public var memory: Double

  /// Names both; a value out of range is an error of every call.
  ///
  /// - Parameters:
  ///   - hidden: The probability for h.
  ///   - memory: The probability for c.
  public init(hidden: Double = 0, memory: Double = 0) {
    self.hidden = hidden
    self.memory = memory
  }
}

/// Zoneout in one pass.
struct ZoneoutPass: Sendable {
  let zoneout: Zoneout
  /// What is drawn; `nil` for the expectation.
  var noise: TrainingNoise?
  /// The rows of the sequence before the pass, which may be a segment of one.
  var packedRowsBefore = 0

  /// How much of their value the states of a cell keep.
  func mask(ofCell cell: Int, cellState: Bool) -> ZoneoutMask {
    let probability = cellState ? zoneout.memory : zoneout.hidden
    return ZoneoutMask(
      probability: probability,
      drawn: noise.map {
        DropoutMask(probability: probability, key: $0.zoneoutKey(ofCell: cell, cellState: cellState))
      })
  }
}

/// How much of its value each element of a state keeps: all or nothing where it is drawn, else the
/// same for all.
struct ZoneoutMask {
  let probability: Double
  let drawn: DropoutMask?

  /// Whether every element takes its new value.
  var keepsNothing: Bool { probability == 0 }

  /// The share that the element at a row-major offset keeps.
  @inline(__always)
  private func keptShare<Scalar: TensorScalar>(_ index: Int) -> Scalar {
    guard let drawn else { return Scalar(probability) }
    return drawn.drops(index) ? 1 : 0
  }

  /// Lets `new` keep its share of `old`, in `count` elements of which the first stands at the
  /// offset `first`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func mix<Scalar: TensorScalar>(
    _ old: UnsafePointer<Scalar>, into new: UnsafeMutablePointer<Scalar>, count: Int, first: Int
  ) {
    for index in 0..<count {
      let share: Scalar = keptShare(first + index)
      new[index] = share * old[index] + (1 - share) * new[index]
    }
  }

  /// Splits the gradient of a state into that of the new value, which takes its place, and that of
  /// the old one.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func split<Scalar: TensorScalar>(
    _ gradient: UnsafeMutablePointer<Scalar>, old: UnsafeMutablePointer<Scalar>, count: Int, first: Int
  ) {
    for index in 0..<count {
      let share: Scalar = keptShare(first + index)
      old[index] = share * gradient[index]
      gradient[index] *= 1 - share
    }
  }
}
