import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

@Suite("baselines and errors")
struct BaselineTests {
  @Test("the last value and the value a season ago are forecast from every place, from what stands before it")
  func values() {
    let series: [Double] = [1, 2, 3, 4, 5, 6, 7]
    #expect(LastValue().forecasts(of: series, from: [1, 3, 7], steps: 2) == [[1, 1], [3, 3], [7, 7]])
    #expect(
      SeasonalNaive(season: 3).forecasts(of: series, from: [3, 5], steps: 5) == [
        [1, 2, 3, 1, 2], [3, 4, 5, 3, 4],
      ])
  }

  @Test("errors are those of all places and leads in the held-out part")
  func errors() throws {
    // Last value: from 2 (6): 7 − … = 6−9, 6−5; from 3 (9): 9−5.
    let errors = try ForecastErrors(LastValue(), of: [1, 6, 9, 5], on: 2..<4, horizon: 7)
    #expect(errors.byLead == [[-3, 4], [1]])
    #expect(errors.meanAbsolute == 8.0 / 3)
    #expect(errors.rootMeanSquare == (26.0 / 3).squareRoot())
    #expect(errors.spreadByLead == [(12.5).squareRoot(), (12.5).squareRoot()])
    let near = try ForecastErrors(LastValue(), of: [1, 6, 9, 5], on: 2..<4, horizon: 1)
    #expect(near.byLead == [[-3, 4]])
    let one = try ForecastErrors(LastValue(), of: [1, 6, 9, 5], on: 1..<4, horizon: 1, mostOrigins: 1)
    #expect(one.byLead == [[-5]])
  }

  @Test("MASE is measured by the known part's steps over a season")
  func scale() {
    #expect(ForecastErrors.scale(of: [1, 3, 2, 6], season: nil) == 7.0 / 3)
    #expect(ForecastErrors.scale(of: [1, 3, 2, 6], season: 2) == 2)
  }
}

@Suite("the season of a series")
struct SeasonTests {
  @Test("is 12 months for the airline passengers and the period of a sine, with a trend or without")
  func found() throws {
    let airline = try SeriesFile(path: Repository.airlinePassengers).series(column: nil, timeColumn: nil)
    #expect(Season.guess(airline.values) == 12)
    for trend in [0, 0.5] {
      let sine = try ReferenceSeries.sine(count: 200, period: 25).scalars.enumerated().map {
        $0.element + trend * Double($0.offset)
      }
      #expect(Season.guess(sine) == 25)
    }
  }

  @Test("is none for noise, a random walk, a trend, a constant and a short series")
  func notFound() {
    for seed in 1...20 as ClosedRange<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let noise = Tensor<Double>.normal([400], using: &generator).scalars
      var walk = [0.0]
      for step in noise { walk.append(walk[walk.count - 1] + step) }
      #expect(Season.guess(noise) == nil && Season.guess(walk) == nil)
    }
    #expect(Season.guess((0..<100).map { Double($0) }) == nil)
    #expect(Season.guess([Double](repeating: 3, count: 100)) == nil)
    #expect(Season.guess([1, 2, 1, 2]) == nil)
  }
}

@Suite("what a network sees of a series")
struct SeriesTransformTests {
  private static let kinds = [false, true].flatMap { logarithm in
    [0, 1, 12].map { SeriesTransform(usesLogarithm: logarithm, lag: $0) }
  }

  @Test("has mean 0 and deviation 1, and its inverse is the series", arguments: kinds)
  func inverse(kind: SeriesTransform) throws {
    let values = try SeriesFile(path: Repository.airlinePassengers).series(column: nil, timeColumn: nil)
      .values
    let transform = try #require(kind.fitted(to: values))
    let seen = transform.apply(to: values)
    let rounding = 1e3 * Double.ulpOfOne
    #expect(seen.count == values.count - kind.lag)
    #expect(seen.reduce(0, +).magnitude / Double(seen.count) < rounding)
    #expect((seen.reduce(0) { $0 + $1 * $1 } / Double(seen.count) - 1).magnitude < rounding)
    for origin in [12, 60, 143] {
      let back = transform.invert(Array(seen[(origin - kind.lag)...]), at: origin, of: values)
      for (a, b) in zip(back, values[origin...]) {
        #expect((a - b).magnitude < rounding * b * Double(back.count))
      }
      // What stands behind the place is not looked at.
      let other = Array(values[..<origin]) + [Double](repeating: 1, count: values.count - origin)
      #expect(
        transform.invert([0.5, -1, 2], at: origin, of: other)
          == transform.invert([0.5, -1, 2], at: origin, of: values))
    }
  }

  @Test("is none where nothing varies or nothing is left")
  func degenerate() {
    let line = (1...30).map { Double($0) * 0.1 }
    #expect(SeriesTransform(usesLogarithm: false, lag: 1).fitted(to: line) == nil)
    #expect(SeriesTransform(usesLogarithm: false, lag: 30).fitted(to: line) == nil)
    #expect(SeriesTransform(usesLogarithm: true, lag: 0).fitted(to: [1, 0, 2]) == nil)
    #expect(SeriesTransform(usesLogarithm: false, lag: 0).fitted(to: line) != nil)
  }
}

@Suite("the reservoir as a forecaster")
struct ReservoirForecasterTests {
  private func learn(_ values: [Double], season: Int? = nil, window: Int = 20, horizon: Int = 10) throws
    -> ReservoirForecaster
  {
    try ReservoirForecaster(
      learning: values,
      ForecasterOptions(season: season, window: window, hiddenSize: 40, seed: 1, horizon: horizon))
  }

  @Test("a forecast does not know what comes after its place")
  func causality() throws {
    let values = try SeriesFile(path: Repository.airlinePassengers).series(column: nil, timeColumn: nil)
      .values
    let forecaster = try learn(Array(values[..<115]), season: 12)
    let known = try forecaster.forecasts(of: values, from: [115, 120], steps: 6)
    var other = values
    for index in 120..<144 { other[index] = 1 }
    #expect(try forecaster.forecasts(of: other, from: [115, 120], steps: 6) == known)
    #expect(try forecaster.forecasts(of: Array(values[..<120]), from: [120], steps: 6) == [known[1]])
    other[119] = 1
    #expect(try forecaster.forecasts(of: other, from: [120], steps: 6) != [known[1]])
  }

  @Test("the Mackey–Glass series is forecast with a third of the last value's error at most")
  func mackeyGlass() throws {
    let values = try ReferenceSeries.mackeyGlass(count: 700).scalars
    let forecaster = try learn(Array(values[..<600]))
    let errors = try ForecastErrors(forecaster, of: values, on: 600..<700, horizon: 10)
    let baseline = try ForecastErrors(LastValue(), of: values, on: 600..<700, horizon: 10)
    #expect(errors.rootMeanSquare < baseline.rootMeanSquare / 3)
  }

  @Test("a window that leaves nothing to learn from is refused")
  func refusals() throws {
    let values = try ReferenceSeries.sine(count: 60).scalars
    #expect(throws: RecurrentError.self) { try learn(values, window: 58) }
  }
}
