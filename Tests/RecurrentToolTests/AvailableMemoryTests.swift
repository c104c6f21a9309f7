import Foundation
import Recurrent
import Testing

@testable import RecurrentTool

@Suite("sizes that no memory holds")
struct AvailableMemoryTests {
  @Test(
    "are an error, not the end of the process",
    .enabled(if: AvailableMemory.byteCount < 400e9),
    arguments: [
      [
        "forecast", Repository.airlinePassengers, "--horizon", "2", "--cell", "lstm", "--hidden-size", "5000",
        "--layers", "100",
      ],
      [
        "bench", "--cell", "lstm", "--pass", "training", "--hidden-size", "1000", "--layers", "250",
        "--sequence-length", "2000", "--batch-size", "250",
      ],
    ])
  func refused(arguments: [String]) throws {
    let process = try ToolProcess(arguments)
    #expect(process.status == 1)
    #expect(
      process.errors.contains(" GB of memory are enough for, got sizes that take about "), "\(process.errors)"
    )
    #expect(process.output.isEmpty && !process.errors.contains("epoch"))
  }

  @Test("are those beyond what there is")
  func check() throws {
    let available = AvailableMemory.byteCount
    #expect(available > 1e8)
    try AvailableMemory.check(available / 2, for: "x")
    #expect(throws: RecurrentError.self) { try AvailableMemory.check(available * 2, for: "x") }
    #expect(throws: RecurrentError.self) { try AvailableMemory.check(.infinity, for: "x") }
  }

  @Test("are not those of the built-in comparisons and of the networks that are there by default")
  func defaults() {
    for shape in BenchShape.builtIn {
      for cell in CellKind.allCases {
        for pass in BenchPass.allCases { #expect(shape.of(cell).byteCount(of: pass) < 2e9) }
      }
    }
    for method in ForecastMethod.allCases {
      let options = ForecasterOptions(
        season: 12, window: 100, hiddenSize: method.defaultHiddenSize, seed: 1, horizon: 100)
      #expect(options.byteCount(of: method) < 1e8)
    }
  }

  @Test("contain at least the weights, the gradients and the moments of a training")
  func estimate() {
    let options = ForecasterOptions(
      season: nil, window: 1, hiddenSize: 100, cell: .gru, layerCount: 3, seed: 1, horizon: 10)
    // G·H·(I + H + 2) for each layer, and the head's; four times four bytes.
    let weights = 300 * (1 + 100 + 2) + 2 * 300 * (100 + 100 + 2) + 10 * 101
    #expect(options.byteCount(of: .rnn) >= Double(4 * 4 * weights))
  }
}
