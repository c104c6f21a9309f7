/// A scalar type that the kernels are compiled for.
protocol Number: BinaryFloatingPoint & Sendable {
  static var name: StaticString { get }
  /// The largest magnitudes that activations treat apart: where tanh and the logistic function have
  /// come to their limits.
  static var limits: [Self] { get }

  /// The exponent of the least normal number.
  static var leastExponent: Int { get }

  /// A number of so many units of 2^exponent; exact where 24 bits hold it.
  init(_ units: Int, timesPowerOfTwo exponent: Int)
  /// Any number: the lowest bits of a word.
  init(bits: UInt64)
  var bits: UInt64 { get }
}

extension Number {
  /// The bits that are compared: those of any NaN are the same. IEEE 754 leaves its sign and
  /// payload open, and the NaN of an operation that is not defined is negative on x86-64 and
  /// positive on arm64.
  var comparedBits: UInt64 { isNaN ? 0x7ff8_0000_0000_0000 : bits }
}

extension Float: Number {
  static var name: StaticString { "Float" }
  static var leastExponent: Int { -126 }
  static var limits: [Float] { [9.0109, 88, 88.72284, 104, 16.635532, 103.97208] }

  init(_ units: Int, timesPowerOfTwo exponent: Int) {
    self = Float(sign: .plus, exponent: exponent, significand: Float(units))
  }

  init(bits: UInt64) { self.init(bitPattern: UInt32(truncatingIfNeeded: bits)) }

  var bits: UInt64 { UInt64(bitPattern) }
}

extension Double: Number {
  static var name: StaticString { "Double" }
  static var leastExponent: Int { -1022 }
  static var limits: [Double] { [19.06, 709, 709.782712893384, 746, 36.7368005696771, 745.1332191019411] }

  init(_ units: Int, timesPowerOfTwo exponent: Int) {
    self = Double(sign: .plus, exponent: exponent, significand: Double(units))
  }

  init(bits: UInt64) { self.init(bitPattern: bits) }

  var bits: UInt64 { bitPattern }
}

/// Numbers that follow from a seed: SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable
/// pseudorandom number generators", OOPSLA 2014).
struct Generator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return mixed(state)
  }

  /// A number in 0..<count.
  mutating func next(below count: Int) -> Int { Int(next() >> 33) % count }

  /// A multiple of 2^-23 in [-1, 1), times 2^exponent.
  mutating func uniform<Scalar: Number>(exponent: Int = 0) -> Scalar {
    Scalar(Int(next() >> 40) - 1 << 23, timesPowerOfTwo: exponent - 23)
  }

  /// A number that something may treat apart: a zero, a subnormal number, an infinity, NaN, a very
  /// small or large one.
  mutating func special<Scalar: Number>() -> Scalar {
    let sign: Scalar = next(below: 2) == 0 ? 1 : -1
    return switch next(below: 8) {
    case 0, 1: 0 * sign
    case 2: sign * .leastNonzeroMagnitude
    case 3: sign * Scalar(bits: UInt64(next(below: 1 << 20)))
    case 4: sign * .leastNormalMagnitude
    case 5: sign * .greatestFiniteMagnitude
    case 6: sign * .infinity
    default: .nan
    }
  }
}

/// The finalizer of SplitMix64: each bit of the result depends on all of the word.
private func mixed(_ word: UInt64) -> UInt64 {
  var word = word
  word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
  word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
  return word ^ (word >> 31)
}

/// 64 bits that depend on all that was added, in its order.
struct Digest {
  private(set) var value: UInt64 = 0

  mutating func add(_ word: UInt64) { value = mixed(value ^ word) &+ 1 }

  mutating func add(_ number: Int) { add(UInt64(truncatingIfNeeded: number)) }

  mutating func add<Scalar: Number>(_ scalar: Scalar) { add(scalar.comparedBits) }

  mutating func add<Scalar: Number>(_ memory: Memory<Scalar>) {
    for index in 0..<memory.allocated { add(memory.base[index]) }
  }
}

/// Scalars on the heap, with some behind them that nobody may change.
final class Memory<Scalar: Number> {
  let base: UnsafeMutablePointer<Scalar>
  let count: Int

  /// Those behind too.
  var allocated: Int { count + 64 }

  /// The same everywhere.
  init(count: Int, filledWith scalar: Scalar = 0) {
    self.count = count
    base = .allocate(capacity: count + 64)
    base.initialize(repeating: scalar, count: count)
    (base + count).initialize(repeating: 12345, count: 64)
  }

  /// Random numbers.
  convenience init(count: Int, _ values: Values, _ generator: inout Generator) {
    self.init(count: count)
    for index in 0..<count { base[index] = values.next(&generator) }
  }

  deinit { base.deallocate() }
}

/// What inputs are like.
enum Values {
  /// In [-1, 1), times 2^exponent.
  case uniform(exponent: Int)
  /// The same, but for one in some.
  case special(oneIn: Int)

  func next<Scalar: Number>(_ generator: inout Generator) -> Scalar {
    switch self {
    case .uniform(let exponent): generator.uniform(exponent: exponent)
    case .special(let count): generator.next(below: count) == 0 ? generator.special() : generator.uniform()
    }
  }
}

/// Prints the line of a case.
func printCase<Scalar: Number>(_ name: String, _ digest: Digest, _: Scalar.Type) {
  print("\(Scalar.name) \(name) \(String(digest.value, radix: 16))")
}
