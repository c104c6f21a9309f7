import Foundation

/// How exact an activation of `Float` buffers is, measured against the same function in `Double`.
///
/// Every `Float` is an input, or every `stride`-th bit pattern. An error is counted in units in the
/// last place of the exact value rounded to `Float`; the unit is never smaller than the least
/// subnormal number. The reference errs by less than 2⁻²⁸ of such a unit.
public struct ActivationAccuracy: Sendable, Equatable {
  /// Replaces `count` scalars by their images.
  public typealias Kernel = @Sendable (UnsafeMutablePointer<Float>, _ count: Int) -> Void

  /// The greatest error, in units in the last place.
  public var greatestError = 0.0
  /// An input at which the greatest error occurs.
  public var worstInput: Float = 0
  /// The number of NaN inputs whose image is a number, and of numbers whose image is NaN.
  public var misplacedNaNs = 0
  /// The number of results outside of `range`.
  public var outOfRange = 0
  /// The number of inputs whose exact image is a zero, but whose image is not that zero.
  public var wrongZeros = 0
  /// The number of pairs x, −x of an odd function for which f(−x) and −f(x) differ in any bit.
  public var oddnessViolations = 0
  /// The number of positive inputs whose result should be 1 and is not: those from a given one on,
  /// or else those that come after one with result 1.
  public var returnsFromSaturation = 0
  /// A checksum of all results that are numbers, in order; equal for kernels that agree in every
  /// bit.
  public var checksum: UInt64 = 0

  /// Checks the kernel on the bit patterns `phase`, `phase` + `stride`, …, and on the same with the
  /// sign set. `phase` is the first bit pattern, less than `stride`.
  public init(
    of kernel: Kernel, reference: (Double) -> Double, range: ClosedRange<Float>,
    isOdd: Bool, saturation: Float? = nil, stride: UInt32 = 1, phase: UInt32 = 0
  ) {
    let blockSize = 1 << 14
    let positive = UnsafeMutableBufferPointer<Float>.allocate(capacity: blockSize)
    let negative = UnsafeMutableBufferPointer<Float>.allocate(capacity: blockSize)
    defer {
      positive.deallocate()
      negative.deallocate()
    }
    var isSaturated = false
    var pattern = UInt64(phase)
    let end = UInt64(1) << 31
    while pattern < end {
      let left = (end - pattern + UInt64(stride) - 1) / UInt64(stride)
      let count = Int(min(UInt64(blockSize), left))
      for k in 0..<count {
        let bits = UInt32(pattern) &+ UInt32(k) &* stride
        positive[k] = Float(bitPattern: bits)
        negative[k] = Float(bitPattern: bits | 1 << 31)
      }
      kernel(positive.baseAddress!, count)
      kernel(negative.baseAddress!, count)
      for k in 0..<count {
        let x = Float(bitPattern: UInt32(pattern) &+ UInt32(k) &* stride)
        compare(positive[k], at: x, with: reference, range)
        compare(negative[k], at: -x, with: reference, range)
        guard !x.isNaN else { continue }
        if isOdd, positive[k].bitPattern ^ negative[k].bitPattern != 1 << 31 { oddnessViolations += 1 }
        if let saturation { isSaturated = x >= saturation }
        if isSaturated, positive[k] != 1 { returnsFromSaturation += 1 }
        isSaturated = isSaturated || positive[k] == 1
      }
      pattern += UInt64(count) * UInt64(stride)
    }
  }

  private mutating func compare(
    _ result: Float, at x: Float, with reference: (Double) -> Double, _ range: ClosedRange<Float>
  ) {
    guard !x.isNaN, !result.isNaN else {
      if x.isNaN != result.isNaN { misplacedNaNs += 1 }
      return
    }
    checksum = (checksum ^ UInt64(result.bitPattern)) &* 0x9e37_79b9_7f4a_7c15
    checksum ^= checksum >> 32
    if !range.contains(result) { outOfRange += 1 }
    let exact = reference(Double(x))
    if exact == 0, result != 0 || result.sign != exact.sign { wrongZeros += 1 }
    let unit = max(Float(exact).magnitude.ulp, .leastNonzeroMagnitude)
    let error = (Double(result) - exact).magnitude / Double(unit)
    if error > greatestError {
      greatestError = error
      worstInput = x
    }
  }
}

extension ActivationAccuracy {
  /// Checks tanh: odd, between −1 and 1, exactly 1 from 9.011 on, where it rounds to 1.
  public static func ofHyperbolicTangent(
    _ kernel: Kernel, stride: UInt32 = 1, phase: UInt32 = 0
  ) -> Self {
    Self(
      of: kernel, reference: { tanh($0) }, range: -1...1, isOdd: true, saturation: 9.011,
      stride: stride, phase: phase)
  }

  /// Checks 1 / (1 + e^−x): between 0 and 1.
  public static func ofSigmoid(_ kernel: Kernel, stride: UInt32 = 1, phase: UInt32 = 0) -> Self {
    Self(
      of: kernel, reference: { 1 / (1 + exp(-$0)) }, range: 0...1, isOdd: false,
      stride: stride, phase: phase)
  }
}
