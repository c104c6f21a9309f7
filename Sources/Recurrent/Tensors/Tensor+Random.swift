#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

extension Tensor {
  /// A tensor of independent numbers, uniform in a range.
  ///
  /// Each takes one call of the generator: lower + u · (upper − lower), with u a multiple of 2⁻⁵³
  /// in [0, 1).
  ///
  /// - Parameters:
  ///   - shape: The sizes of the axes.
  ///   - range: Where the numbers lie.
  ///   - generator: The source of randomness.
  /// - Returns: A tensor of that shape.
  public static func uniform<Generator: RandomNumberGenerator>(
    _ shape: Shape, in range: ClosedRange<Scalar> = 0...1, using generator: inout Generator
  ) -> Tensor {
    let lower = Double(range.lowerBound)
    let upper = Double(range.upperBound)
    return generate(shape) {
      // Rounding to Scalar must not step over the upper end.
      Swift.min(range.upperBound, Scalar(lower + unitUniform(&generator) * (upper - lower)))
    }
  }

  /// A tensor of independent numbers, uniform in a range, from the system's generator.
  ///
  /// - Parameters:
  ///   - shape: The sizes of the axes.
  ///   - range: Where the numbers lie.
  /// - Returns: A tensor of that shape.
  public static func uniform(_ shape: Shape, in range: ClosedRange<Scalar> = 0...1) -> Tensor {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    return uniform(shape, in: range, using: &generator)
  }

  /// A tensor of independent normal numbers (Box and Muller's transform, two calls of the generator
  /// each).
  ///
  /// - Parameters:
  ///   - shape: The sizes of the axes.
  ///   - mean: The mean.
  ///   - standardDeviation: The standard deviation.
  ///   - generator: The source of randomness.
  /// - Returns: A tensor of that shape.
  public static func normal<Generator: RandomNumberGenerator>(
    _ shape: Shape, mean: Scalar = 0, standardDeviation: Scalar = 1,
    using generator: inout Generator
  ) -> Tensor {
    let mean = Double(mean)
    let deviation = Double(standardDeviation)
    return generate(shape) {
      let radius = (-2 * log(1 - unitUniform(&generator))).squareRoot()
      return Scalar(mean + deviation * radius * cos(2 * Double.pi * unitUniform(&generator)))
    }
  }

  /// A tensor of independent normal numbers, from the system's generator.
  ///
  /// - Parameters:
  ///   - shape: The sizes of the axes.
  ///   - mean: The mean.
  ///   - standardDeviation: The standard deviation.
  /// - Returns: A tensor of that shape.
  public static func normal(
    _ shape: Shape, mean: Scalar = 0, standardDeviation: Scalar = 1
  ) -> Tensor {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    return normal(shape, mean: mean, standardDeviation: standardDeviation, using: &generator)
  }

  private static func generate(_ shape: Shape, _ next: () -> Scalar) -> Tensor {
    Tensor(unchecked: (0..<shape.elementCount).map { _ in next() }, shape: shape)
  }
}

/// A multiple of 2⁻⁵³ in [0, 1).
private func unitUniform<Generator: RandomNumberGenerator>(_ generator: inout Generator) -> Double {
  Double(generator.next() >> 11) * 0x1p-53
}
