import Foundation
import Recurrent

/// How far echo-state networks see into the Mackey–Glass series: the protocol of Jaeger and Haas
/// (Science 304, 2004).
///
///     swift run -c release MackeyGlass [networks [units]]
///
/// A network of 1000 units follows 3000 steps of tanh(y − 1), of which 1000 are washout, and learns
/// its read-out. Then it follows 2000 steps that it has not seen, and from 50 places behind them
/// goes on by itself for 84 steps. NRMSE84 is the root mean square of the errors of y at the last
/// step, over all places and networks, in units of the standard deviation of the series.
///
/// Connectivity 1 %, spectral radius 0.8, feedback in ±1, bias in ±0.02 and no leak are those of
/// the authors' MATLAB programs, as far as public copies of them tell; the paper's supplement was
/// not at hand. What differs: the Runge–Kutta integrator, a penalty of 10⁻¹⁶ in the place of noise
/// and pseudo-inverse, a linear output unit, and the same number of connections for every unit.
@main
struct MackeyGlass {
  static let trainingSteps = 3000
  static let washout = 1000
  static let primingSteps = 2000
  static let horizon = 84
  static let places = 50

  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
    let networks = max(1, arguments.first ?? 10)
    let units = max(1, arguments.dropFirst().first ?? 1000)

    let count = trainingSteps + primingSteps + horizon * places
    let original = try ReferenceSeries.mackeyGlass(count: count).scalars
    let series = try Tensor(original.map { tanh($0 - 1) }, shape: [count, 1])
    let deviation = standardDeviation(original)

    print("seed  log10 NRMSE84  weights    fit  84 steps ahead, \(places) times")
    var all: [Double] = []
    for seed in 1...networks {
      let (errors, times) = try errors(of: seed, units: units, series, original)
      all += errors
      let columns = times.map { String(format: "%6.0f ms", $0 * 1000) }.joined(separator: " ")
      print(String(format: "%4d  %13.2f ", seed, log10(rootMeanSquare(errors) / deviation)), columns)
    }
    print(
      String(
        format: "%d networks of %d units: NRMSE84 = 10^%.2f; published, 1000 units: 10^-4.2", networks, units,
        log10(rootMeanSquare(all) / deviation)))
  }

  /// The errors of one network at the last of 84 steps, and the seconds that making, fitting and
  /// forecasting took.
  static func errors(
    of seed: Int, units: Int, _ series: Tensor<Double>, _ original: [Double]
  ) throws -> (errors: [Double], times: [Double]) {
    let clock = ContinuousClock()
    let start = clock.now
    var generator = SeededGenerator(seed: UInt64(seed))
    var network = try EchoStateNetwork<Double>(
      hiddenSize: units, spectralRadius: 0.8, connectivity: 0.01, biasScale: 0.02, using: &generator)
    let made = clock.now
    var state = try network.fit(series[..<trainingSteps], washout: washout, regularization: 1e-16)
    let fitted = clock.now

    var place = trainingSteps + primingSteps
    state = try network.follow(series[trainingSteps..<place], from: state).finalState
    var errors: [Double] = []
    for _ in 0..<places {
      let forecast = try network.generate(horizon, from: state).output
      // Nothing keeps a linear output within the range of tanh.
      let last = min(max(forecast.scalars[horizon - 1], -0.999), 0.999)
      errors.append(atanh(last) + 1 - original[place + horizon - 1])
      state = try network.follow(series[place..<(place + horizon)], from: state).finalState
      place += horizon
    }
    let times = [made - start, fitted - made, clock.now - fitted].map { $0 / .seconds(1) }
    return (errors, times)
  }

  static func rootMeanSquare(_ values: [Double]) -> Double {
    (values.map { $0 * $0 }.reduce(0, +) / Double(values.count)).squareRoot()
  }

  static func standardDeviation(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    return rootMeanSquare(values.map { $0 - mean })
  }
}
