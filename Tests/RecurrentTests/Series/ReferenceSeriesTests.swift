import Testing

@testable import Recurrent

@Suite struct ReferenceSeriesTests {
  @Test("a sine passes through 0, 1, 0 and −1 at the quarters of its period")
  func sine() throws {
    let series = try ReferenceSeries.sine(count: 9, period: 8, amplitude: 3)
    #expect(series.shape == [9, 1])
    for (index, expected) in zip([0, 2, 4, 6, 8], [0.0, 3, 0, -3, 0]) {
      // The angle is off by its own rounding, at most 2π·u.
      #expect((series.scalars[index] - expected).magnitude <= 3 * 8 * Double.ulpOfOne)
    }
    let cosine = try ReferenceSeries.sine(count: 1, phase: .pi / 2)
    #expect(cosine.scalars == [1])
  }

  @Test("the Mackey–Glass series begins with its history, and a washout leaves out its beginning")
  func mackeyGlassBeginning() throws {
    let series = try ReferenceSeries.mackeyGlass(count: 30, initialValue: 0.7, washout: 0)
    #expect(series.shape == [30, 1] && series.scalars[0] == 0.7)
    let rest = try ReferenceSeries.mackeyGlass(count: 20, initialValue: 0.7, washout: 10)
    #expect(rest == series[10...])
  }

  @Test("a step of the integration makes errors of its fourth power")
  func mackeyGlassOrder() throws {
    // Within 100 units of time chaos has not yet pulled the paths apart.
    let paths = try [5, 10, 20].map {
      try ReferenceSeries.mackeyGlass(count: 100, washout: 0, stepsPerUnit: $0).scalars
    }
    let coarse = greatestDifference(paths[0], paths[1])
    let fine = greatestDifference(paths[1], paths[2])
    #expect(coarse / fine > 12 && coarse / fine < 20, "\(coarse) \(fine)")
  }

  @Test("the Mackey–Glass series is what Euler's method tends to")
  func mackeyGlassEuler() throws {
    func euler(_ stepsPerUnit: Int) -> [Double] {
      var path = [Double](repeating: 1.2, count: 17 * stepsPerUnit + 1)
      for _ in 0..<(120 * stepsPerUnit) {
        let delayed = path[path.count - 1 - 17 * stepsPerUnit]
        let power = (0..<10).reduce(1.0) { product, _ in product * delayed }
        let y = path[path.count - 1]
        path.append(y + (0.2 * delayed / (1 + power) - 0.1 * y) / Double(stepsPerUnit))
      }
      return stride(from: 17 * stepsPerUnit, to: path.count, by: stepsPerUnit).map { path[$0] }
    }
    let series = try ReferenceSeries.mackeyGlass(count: 121, washout: 0).scalars
    let (coarse, fine) = (euler(100), euler(200))
    // Errors of the first order: halving the step halves them, so what is left equals what the
    // halving took.
    let distance = greatestDifference(coarse, fine)
    #expect(greatestDifference(fine, series) < 1.1 * distance)
    let extrapolated = zip(coarse, fine).map { 2 * $1 - $0 }
    #expect(greatestDifference(extrapolated, series) < distance / 50)
  }

  @Test("at a delay of 17 the series is chaotic and bounded")
  func mackeyGlassAttractor() throws {
    let series = try ReferenceSeries.mackeyGlass(count: 2000).scalars
    #expect(series.allSatisfy { $0 > 0.2 && $0 < 1.4 })
    let other = try ReferenceSeries.mackeyGlass(count: 2000, initialValue: 1.2 + 0x1p-40).scalars
    let early = greatestDifference(Array(series.prefix(10)), Array(other.prefix(10)))
    let late = greatestDifference(Array(series.suffix(500)), Array(other.suffix(500)))
    #expect(late > 100 * early)
  }

  @Test("the Lorenz system flies around both wings, and its integration is of the fourth order")
  func lorenz() throws {
    let series = try ReferenceSeries.lorenz(count: 4000)
    #expect(series.shape == [4000, 3])
    let x = stride(from: 0, to: 12000, by: 3).map { series.scalars[$0] }
    let z = stride(from: 2, to: 12000, by: 3).map { series.scalars[$0] }
    #expect(x.contains { $0 > 10 } && x.contains { $0 < -10 })
    #expect(x.allSatisfy { $0.magnitude < 25 } && z.allSatisfy { $0 > 0 && $0 < 55 })
    let start = try ReferenceSeries.lorenz(count: 50, washout: 0)
    #expect(start[0].scalars == [1, 1, 1])
    let paths = try [4, 8, 16].map {
      try ReferenceSeries.lorenz(count: 50, washout: 0, stepsPerSample: $0).scalars
    }
    let ratio = greatestDifference(paths[0], paths[1]) / greatestDifference(paths[1], paths[2])
    #expect(ratio > 12 && ratio < 20, "\(ratio)")
  }

  @Test("arguments out of range are refused")
  func refusals() {
    #expect(throws: RecurrentError.self) { try ReferenceSeries.sine(count: 0) }
    #expect(throws: RecurrentError.self) { try ReferenceSeries.sine(count: 5, period: 0) }
    #expect(throws: RecurrentError.self) { try ReferenceSeries.mackeyGlass(count: -1) }
    #expect(throws: RecurrentError.self) { try ReferenceSeries.mackeyGlass(count: 5, delay: 0) }
    #expect(throws: RecurrentError.self) { try ReferenceSeries.mackeyGlass(count: 5, initialValue: .nan) }
    #expect(throws: RecurrentError.self) { try ReferenceSeries.mackeyGlass(count: 5, stepsPerUnit: .max) }
    #expect(throws: RecurrentError.self) { try ReferenceSeries.lorenz(count: 5, interval: 0) }
    #expect(throws: RecurrentError.self) { try ReferenceSeries.lorenz(count: 5, washout: -1) }
  }

  private func greatestDifference(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { ($0 - $1).magnitude }.max() ?? .infinity
  }
}
