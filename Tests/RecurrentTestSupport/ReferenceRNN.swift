import Foundation
import Recurrent

/// The parameters of one cell in `Double`, as flat row-major arrays.
public struct ReferenceCell: Sendable {
  /// W_ih [H, I].
  public var weightIH: [Double]
  /// W_hh [H, H].
  public var weightHH: [Double]
  /// b_ih [H]; zeros in a cell without bias.
  public var biasIH: [Double]
  /// b_hh [H]; zeros in a cell without bias.
  public var biasHH: [Double]
  /// I.
  public var inputSize: Int
  /// H.
  public var hiddenSize: Int

  /// Takes a cell's parameters; `Float` converts to `Double` exactly.
  public init<Scalar: TensorScalar>(_ parameters: CellParameters<Scalar>) {
    hiddenSize = parameters.weightIH.shape[0]
    inputSize = parameters.weightIH.shape[1]
    weightIH = parameters.weightIH.scalars.map { Double($0) }
    weightHH = parameters.weightHH.scalars.map { Double($0) }
    let zeros = [Double](repeating: 0, count: hiddenSize)
    biasIH = parameters.biasIH?.scalars.map { Double($0) } ?? zeros
    biasHH = parameters.biasHH?.scalars.map { Double($0) } ?? zeros
  }
}

/// What one layer of the reference went through.
public struct ReferenceHistory: Sendable {
  /// The state before every step and after the last: [T + 1, B, H].
  public var states: [Double] = []
  /// The sum that the nonlinearity is applied to at every step: [T, B, H].
  public var sums: [Double] = []
}

/// The definition of a stacked plain recurrent network: loops over steps, rows and features in
/// `Double`.
///
///     h_t = f(x_t · W_ihᵀ + b_ih + h_{t−1} · W_hhᵀ + b_hh)
///
/// It is the oracle of the tests, so it shares no code with the package and has no cleverness at
/// all.
public struct ReferenceRNN: Sendable {
  /// The cells, the one that takes the input first.
  public var cells: [ReferenceCell]
  /// tanh or ReLU.
  public var nonlinearity: Nonlinearity

  /// Creates the reference for parameters.
  public init<Scalar: TensorScalar>(
    _ parameters: [CellParameters<Scalar>], nonlinearity: Nonlinearity
  ) {
    cells = parameters.map { ReferenceCell($0) }
    self.nonlinearity = nonlinearity
  }

  /// Runs the network.
  ///
  /// - Parameters:
  ///   - input: [T, B, I].
  ///   - steps: T.
  ///   - rows: B.
  ///   - initialState: [L, B, H]; zeros if `nil`.
  /// - Returns: The history of every layer.
  public func run(
    _ input: [Double], steps: Int, rows: Int, initialState: [Double]?
  ) -> [ReferenceHistory] {
    var histories: [ReferenceHistory] = []
    var layerInput = input
    for (layer, cell) in cells.enumerated() {
      let stateCount = rows * cell.hiddenSize
      var history = ReferenceHistory()
      for index in 0..<stateCount {
        history.states.append(initialState?[layer * stateCount + index] ?? 0)
      }
      for step in 0..<steps {
        for row in 0..<rows {
          for unit in 0..<cell.hiddenSize {
            var sum = cell.biasIH[unit] + cell.biasHH[unit]
            for feature in 0..<cell.inputSize {
              sum +=
                layerInput[(step * rows + row) * cell.inputSize + feature]
                * cell.weightIH[unit * cell.inputSize + feature]
            }
            for other in 0..<cell.hiddenSize {
              sum +=
                history.states[(step * rows + row) * cell.hiddenSize + other]
                * cell.weightHH[unit * cell.hiddenSize + other]
            }
            history.sums.append(sum)
          }
        }
        for index in 0..<stateCount {
          history.states.append(apply(history.sums[step * stateCount + index]))
        }
      }
      layerInput = Array(history.states.dropFirst(stateCount))
      histories.append(history)
    }
    return histories
  }

  private func apply(_ sum: Double) -> Double {
    switch nonlinearity {
    case .tanh: Foundation.tanh(sum)
    case .relu: sum > 0 ? sum : 0
    }
  }
}

/// Reads a sequence [B, T, F] as [T, B, F], element by element.
public func timeMajor<Element>(_ batchMajor: [Element], steps: Int, rows: Int) -> [Element] {
  swapOuterAxes(batchMajor, outer: rows, inner: steps)
}

/// Reads a sequence [T, B, F] as [B, T, F], element by element.
public func batchMajor<Element>(_ timeMajor: [Element], steps: Int, rows: Int) -> [Element] {
  swapOuterAxes(timeMajor, outer: steps, inner: rows)
}

private func swapOuterAxes<Element>(_ source: [Element], outer: Int, inner: Int) -> [Element] {
  guard !source.isEmpty else { return [] }
  let features = source.count / (outer * inner)
  var result: [Element] = []
  for second in 0..<inner {
    for first in 0..<outer {
      for feature in 0..<features {
        result.append(source[(first * inner + second) * features + feature])
      }
    }
  }
  return result
}
