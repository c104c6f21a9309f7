import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

@Suite("the trained network as a forecaster")
struct RecurrentForecasterTests {
  private func learn(
    _ values: [Double], to split: Int, season: Int? = nil, window: Int = 20, cell: CellKind = .rnn,
    layerCount: Int = 1, epochs: Int = 20, seed: UInt64 = 1, horizon: Int = 6
  ) throws -> RecurrentForecaster {
    try RecurrentForecaster(
      learning: values, to: split,
      ForecasterOptions(
        season: season, window: window, hiddenSize: 16, cell: cell, layerCount: layerCount, epochs: epochs,
        seed: seed,
        horizon: horizon),
      TrainingSession())
  }

  /// Two sines of different periods.
  private func beat(_ count: Int) throws -> [Double] {
    let fast = try ReferenceSeries.sine(count: count, period: 11, amplitude: 3).scalars
    let slow = try ReferenceSeries.sine(count: count, period: 37, amplitude: 2).scalars
    return zip(fast, slow).map { 20 + $0 + $1 }
  }

  @Test("a forecast does not know what comes after its place, and learning not the held-out part")
  func causality() throws {
    let values = try SeriesFile(path: Repository.airlinePassengers).series(column: nil, timeColumn: nil)
      .values
    let forecaster = try learn(values, to: 115, season: 12)
    let known = try forecaster.forecasts(of: values, from: [115, 120], steps: 6)
    var other = values
    for index in 120..<144 { other[index] = 1 }
    #expect(try forecaster.forecasts(of: other, from: [115, 120], steps: 6) == known)
    #expect(try forecaster.forecasts(of: Array(values[..<120]), from: [120], steps: 6) == [known[1]])
    #expect(
      try learn(other, to: 115, season: 12).forecasts(of: values, from: [115, 120], steps: 6) == known)
    other[119] = 1
    #expect(try forecaster.forecasts(of: other, from: [120], steps: 6) != [known[1]])
  }

  @Test(
    "two sines are forecast with a third of the last value's error at most", arguments: CellKind.allCases,
    [1, 2])
  func learns(cell: CellKind, layerCount: Int) throws {
    let values = try beat(300)
    let forecaster = try learn(values, to: 240, cell: cell, layerCount: layerCount, epochs: 40)
    #expect(forecaster.name == cell.rawValue)
    let errors = try ForecastErrors(forecaster, of: values, on: 240..<300, horizon: 6)
    let baseline = try ForecastErrors(LastValue(), of: values, on: 240..<300, horizon: 6)
    #expect(errors.rootMeanSquare < baseline.rootMeanSquare / 3)
  }

  @Test("a forecast depends on its own place alone, not on how many are asked for")
  func independence() throws {
    let values = try beat(400)
    let forecaster = try learn(values, to: 320, epochs: 2)
    let places = Array(60..<400)
    let together = try forecaster.forecasts(of: values, from: places, steps: 6)
    #expect(together.count == places.count && together.allSatisfy { $0.count == 6 })
    for place in [60, 315, 316, 399] {
      #expect(try forecaster.forecasts(of: values, from: [place], steps: 6) == [together[place - 60]])
    }
    #expect(try forecaster.forecasts(of: values, from: [100], steps: 2) == [Array(together[40][..<2])])
  }

  @Test("a window that leaves nothing to learn from is refused, as are places and leads out of reach")
  func refusals() throws {
    let values = try beat(100)
    #expect(throws: RecurrentError.self) { try learn(values, to: 80, window: 76) }
    let forecaster = try learn(values, to: 80, epochs: 1)
    #expect(throws: RecurrentError.self) { try forecaster.forecasts(of: values, from: [19], steps: 1) }
    #expect(throws: RecurrentError.self) { try forecaster.forecasts(of: values, from: [90], steps: 7) }
  }
}
