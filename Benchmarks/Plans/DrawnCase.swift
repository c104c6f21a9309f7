import Foundation
@_spi(Benchmarks) import Recurrent

/// One pass of one layer, of sizes that nobody has chosen.
struct DrawnCase: CustomStringConvertible {
  /// The layers with different products at a time step.
  enum Cell: String, CaseIterable {
    case rnn = "RNN"
    case lstm = "LSTM"
    case gru = "GRU"

    /// G.
    var gateCount: Int {
      switch self {
      case .rnn: 1
      case .lstm: 4
      case .gru: 3
      }
    }
  }

  let cell: Cell
  let pass: BenchmarkPlan.Pass
  let steps: Int
  let rows: Int
  let inputSize: Int
  let hiddenSize: Int
  let layerCount: Int
  /// The threads that a plan may have.
  let threadCount: Int

  /// Draws sizes uniformly by their logarithms, until the pass is long enough to be timed and short
  /// enough to be timed often.
  init(threadCounts: ClosedRange<Int>, using generator: inout SeededGenerator) {
    func draw(_ sizes: ClosedRange<Double>) -> Int {
      Int(exp(Double.random(in: log(sizes.lowerBound)..<log(sizes.upperBound + 1), using: &generator)))
    }
    let cell = Cell.allCases.randomElement(using: &generator) ?? .rnn
    let pass = BenchmarkPlan.Pass.allCases.randomElement(using: &generator) ?? .forward
    let threadCount = Int.random(in: threadCounts, using: &generator)
    var drawn: DrawnCase
    repeat {
      drawn = DrawnCase(
        cell: cell, pass: pass, steps: draw(1...1000), rows: draw(1...128), inputSize: draw(1...1024),
        hiddenSize: draw(4...1024), layerCount: draw(1...4), threadCount: threadCount)
    } while !(1e5...3e8).contains(drawn.operations)
    self = drawn
  }

  private init(
    cell: Cell, pass: BenchmarkPlan.Pass, steps: Int, rows: Int, inputSize: Int, hiddenSize: Int,
    layerCount: Int, threadCount: Int
  ) {
    (self.cell, self.pass, self.steps, self.rows) = (cell, pass, steps, rows)
    (self.inputSize, self.hiddenSize) = (inputSize, hiddenSize)
    (self.layerCount, self.threadCount) = (layerCount, threadCount)
  }

  /// The floating-point operations of the products of the pass.
  private var operations: Double {
    let depths = inputSize + hiddenSize + (layerCount - 1) * 2 * hiddenSize
    let products = Double(cell.gateCount * hiddenSize) * Double(depths) * Double(steps * rows)
    return (pass == .forward ? 2 : 4) * products
  }

  var description: String {
    """
    \(cell.rawValue) \(pass.rawValue), T \(steps), B \(rows), I \(inputSize), H \(hiddenSize), \
    L \(layerCount), \(threadCount) thr.
    """
  }
}
