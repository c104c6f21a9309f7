#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Series that follow from equations: something to forecast before there are data, and to compare
/// with what others report.
///
/// Each is a sequence `[count, features]` of `Double`, ready for ``EchoStateNetwork`` and,
/// unbatched, for ``RNN``.
public enum ReferenceSeries {
  /// A sine wave: amplitude · sin(2π · t / period + phase), t = 0, 1, ….
  ///
  /// - Parameters:
  ///   - count: The samples; at least 1.
  ///   - period: The samples of one period; not 0.
  ///   - amplitude: The greatest value.
  ///   - phase: The angle of the first sample, in radians.
  /// - Returns: The samples, `[count, 1]`.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` or
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for an argument out of range,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for so many
  ///   samples.
  public static func sine(
    count: Int, period: Double = 25, amplitude: Double = 1, phase: Double = 0
  ) throws(RecurrentError) -> Tensor<Double> {
    try check([("count", count, 1...greatestCount)])
    try Memory.require([count], size: MemoryLayout<Double>.size, for: "count")
    guard period != 0, period.isFinite else {
      throw .invalidValue(argument: "period", expected: "a finite number other than 0", actual: "\(period)")
    }
    let samples = (0..<count).map { amplitude * sin(2 * Double.pi * Double($0) / period + phase) }
    return Tensor(unchecked: samples, shape: [count, 1])
  }

  /// The Mackey–Glass series: chaos from one equation with a delay, for a delay of 17 and more.
  ///
  ///     dy/dt = 0.2 · y(t − τ) / (1 + y(t − τ)¹⁰) − 0.1 · y(t)
  ///
  /// sampled at every unit of time. The classical Runge–Kutta method of order 4 integrates with a
  /// step of 1 / `stepsPerUnit`; between the steps, where it asks for y(t − τ), a cubic through
  /// values and derivatives of both neighbours (Hermite) stands in, so that the method keeps its
  /// order. Before t = 0, y is constant.
  ///
  /// - Parameters:
  ///   - count: The samples; at least 1.
  ///   - delay: τ, in units of time; at least 1.
  ///   - initialValue: y before t = 0.
  ///   - washout: The units of time before the first sample, in which the series reaches its
  ///     attractor.
  ///   - stepsPerUnit: The steps of the integration in one unit of time; at least 1.
  /// - Returns: The samples, `[count, 1]`.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` or
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for an argument out of range,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for so many
  ///   samples.
  /// - Complexity: O((`count` + `washout`) · `stepsPerUnit`).
  ///
  /// ### Source
  /// M. C. Mackey and L. Glass, "Oscillation and chaos in physiological control systems", Science
  /// 197 (1977).
  public static func mackeyGlass(
    count: Int, delay: Int = 17, initialValue: Double = 1.2, washout: Int = 1000, stepsPerUnit: Int = 10
  ) throws(RecurrentError) -> Tensor<Double> {
    try check([
      ("count", count, 1...greatestCount), ("delay", delay, 1...greatestFactor),
      ("washout", washout, 0...greatestCount), ("stepsPerUnit", stepsPerUnit, 1...greatestFactor),
    ])
    guard initialValue.isFinite else {
      throw .invalidValue(argument: "initialValue", expected: "a finite number", actual: "\(initialValue)")
    }
    let lag = delay * stepsPerUnit
    try Memory.require([count + 2 * (lag + 1)], size: MemoryLayout<Double>.size, for: "count")
    let step = 1 / Double(stepsPerUnit)
    // The last `lag` + 1 values and derivatives, in a ring. The constant history has derivative 0.
    var values = [Double](repeating: initialValue, count: lag + 1)
    var derivatives = [Double](repeating: 0, count: lag + 1)
    var samples: [Double] = []
    samples.reserveCapacity(count)
    let total = (washout + count - 1) * stepsPerUnit
    for index in 0...total {
      let (now, next) = (index % (lag + 1), (index + 1) % (lag + 1))
      let y = values[now]
      if index.isMultiple(of: stepsPerUnit), index / stepsPerUnit >= washout { samples.append(y) }
      // The slot behind the newest is the oldest: y(t − τ); the one behind that, a step later.
      let (delayed, delayedNext) = (values[next], values[(next + 1) % (lag + 1)])
      // At t = 0, y has a kink: the constant history comes to it with slope 0.
      let slope = derivatives[next]
      let slopeNext = index < lag ? 0 : derivatives[(next + 1) % (lag + 1)]
      let delayedMiddle = (delayed + delayedNext) / 2 + step / 8 * (slope - slopeNext)
      let k1 = growth(y, delayed)
      let k2 = growth(y + step / 2 * k1, delayedMiddle)
      let k3 = growth(y + step / 2 * k2, delayedMiddle)
      let k4 = growth(y + step * k3, delayedNext)
      derivatives[now] = k1
      values[next] = y + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    }
    return Tensor(unchecked: samples, shape: [count, 1])
  }

  /// dy/dt of the Mackey–Glass equation.
  private static func growth(_ y: Double, _ delayed: Double) -> Double {
    let square = delayed * delayed
    let fourth = square * square
    return 0.2 * delayed / (1 + fourth * fourth * square) - 0.1 * y
  }

  /// The Lorenz system, the weather in three equations:
  ///
  ///     dx/dt = σ · (y − x)        dy/dt = x · (ρ − z) − y        dz/dt = x · y − β · z
  ///
  /// with σ = 10, ρ = 28, β = 8/3, from (1, 1, 1), integrated by the classical Runge–Kutta method
  /// of order 4.
  ///
  /// - Parameters:
  ///   - count: The samples; at least 1.
  ///   - interval: The time from one sample to the next; more than 0.
  ///   - washout: The samples before the first one, in which the system reaches its attractor.
  ///   - stepsPerSample: The steps of the integration from one sample to the next; at least 1.
  /// - Returns: The samples (x, y, z), `[count, 3]`.
  /// - Throws: ``RecurrentError/invalidSize(argument:expected:actual:)`` or
  ///   ``RecurrentError/invalidValue(argument:expected:actual:)`` for an argument out of range,
  ///   ``RecurrentError/memoryUnavailable(argument:byteCount:)`` if there is no memory for so many
  ///   samples.
  /// - Complexity: O((`count` + `washout`) · `stepsPerSample`).
  ///
  /// ### Source
  /// E. N. Lorenz, "Deterministic nonperiodic flow", Journal of the Atmospheric Sciences 20 (1963).
  public static func lorenz(
    count: Int, interval: Double = 0.02, washout: Int = 1000, stepsPerSample: Int = 4
  ) throws(RecurrentError) -> Tensor<Double> {
    try check([
      ("count", count, 1...greatestCount), ("washout", washout, 0...greatestCount),
      ("stepsPerSample", stepsPerSample, 1...greatestFactor),
    ])
    try Memory.require([count, 3], size: MemoryLayout<Double>.size, for: "count")
    guard interval > 0, interval.isFinite else {
      throw .invalidValue(argument: "interval", expected: "a finite number above 0", actual: "\(interval)")
    }
    let step = interval / Double(stepsPerSample)
    var point = SIMD3<Double>(1, 1, 1)
    var samples: [Double] = []
    samples.reserveCapacity(count * 3)
    for sample in 0..<(washout + count) {
      if sample >= washout { samples += [point.x, point.y, point.z] }
      for _ in 0..<stepsPerSample {
        let k1 = flow(point)
        let k2 = flow(point + step / 2 * k1)
        let k3 = flow(point + step / 2 * k2)
        let k4 = flow(point + step * k3)
        point += step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
      }
    }
    return Tensor(unchecked: samples, shape: [count, 3])
  }

  /// The derivative of the Lorenz system at a point.
  private static func flow(_ p: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(10 * (p.y - p.x), p.x * (28 - p.z) - p.y, p.x * p.y - 8.0 / 3 * p.z)
  }

  /// Products of two sizes, and the memory for a delay, stay within what a machine has.
  private static let greatestCount = Int(Int32.max)
  private static let greatestFactor = 10_000

  private static func check(_ sizes: [(String, Int, ClosedRange<Int>)]) throws(RecurrentError) {
    for (argument, size, range) in sizes where !range.contains(size) {
      throw .invalidSize(
        argument: argument, expected: "\(range.lowerBound) to \(range.upperBound)", actual: size)
    }
  }
}
