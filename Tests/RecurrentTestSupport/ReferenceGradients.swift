import Recurrent

/// Numbers of the reference, and how far a result may lie from each.
public struct BoundedNumbers: Sendable {
  /// The numbers.
  public var values: [Double]
  /// The bounds.
  public var bounds: [Double]

  /// Exact numbers.
  init(exact values: [Double]) {
    self.values = values
    bounds = [Double](repeating: 0, count: values.count)
  }

  init(zeros count: Int) {
    self.init(exact: [Double](repeating: 0, count: count))
  }
}

/// A sum of products that is being made: its value, the errors it inherits, and the magnitudes that
/// it rounds.
private struct BoundedSum {
  var value = 0.0
  var inherited = 0.0
  var magnitude = 0.0
  var count = 0

  mutating func add(_ a: Double, _ ea: Double, times b: Double, _ eb: Double) {
    value += a * b
    inherited += a.magnitude * eb + b.magnitude * ea + ea * eb
    magnitude += (a.magnitude + ea) * (b.magnitude + eb)
    count += 1
  }

  func bound<Scalar: TensorScalar>(_: Scalar.Type) -> Double {
    Tolerance.slack * inherited
      + Tolerance.sumBound(termCount: count + 1, magnitude: magnitude, Scalar.self)
  }
}

/// The gradients of one cell of the reference.
public struct ReferenceCellGradients: Sendable {
  /// [H, I].
  public var weightIH: BoundedNumbers
  /// [H, H].
  public var weightHH: BoundedNumbers
  /// [H], of either bias.
  public var bias: BoundedNumbers
}

/// The gradients of Σ output·outputGradient + Σ finalState·finalStateGradient by the chain rule,
/// loop by loop in `Double`.
public struct ReferenceGradients: Sendable {
  /// Every cell's.
  public private(set) var cells: [ReferenceCellGradients] = []
  /// [T, B, I].
  public private(set) var input = BoundedNumbers(zeros: 0)
  /// [L, B, H].
  public private(set) var initialState = BoundedNumbers(zeros: 0)

  /// Runs the chain rule; bounds are for results of type `Scalar`.
  public init<Scalar: TensorScalar>(
    of reference: ReferenceRNN, input: [Double], steps: Int, rows: Int, initialState: [Double]?,
    outputGradient: [Double]?, finalStateGradient: [Double]?, _: Scalar.Type
  ) {
    let histories = reference.run(input, steps: steps, rows: rows, initialState: initialState)
    let errors = Tolerance.bound(
      for: reference, histories, input: input, steps: steps, rows: rows, Scalar.self)
    let hiddenSize = reference.cells[0].hiddenSize
    let stateCount = rows * hiddenSize
    var above = BoundedNumbers(exact: outputGradient ?? Array(repeating: 0, count: steps * stateCount))
    var states: [BoundedNumbers] = []
    for layer in reference.cells.indices.reversed() {
      let finalGradient = (0..<stateCount).map { finalStateGradient?[layer * stateCount + $0] ?? 0 }
      var source = BoundedNumbers(exact: input)
      if layer > 0 {
        source.values = Array(histories[layer - 1].states.dropFirst(stateCount))
        source.bounds = Array(errors.states[layer - 1].dropFirst(stateCount))
      }
      let pass = LayerPass(
        cell: reference.cells[layer], nonlinearity: reference.nonlinearity, steps: steps, rows: rows,
        history: histories[layer], stateErrors: errors.states[layer], sumErrors: errors.sums[layer])
      let (deltas, before) = pass.deltas(above, BoundedNumbers(exact: finalGradient), Scalar.self)
      cells.insert(pass.parameterGradients(deltas, source, Scalar.self), at: 0)
      states.insert(before, at: 0)
      above = pass.inputGradient(deltas, Scalar.self)
    }
    self.input = above
    for state in states {
      self.initialState.values += state.values
      self.initialState.bounds += state.bounds
    }
  }
}

/// The chain rule through one layer.
private struct LayerPass {
  let cell: ReferenceCell
  let nonlinearity: Nonlinearity
  let steps: Int
  let rows: Int
  let history: ReferenceHistory
  let stateErrors: [Double]
  let sumErrors: [Double]

  /// The derivative of the nonlinearity at a step's element, and its error.
  private func derivative<Scalar: TensorScalar>(_ index: Int, _: Scalar.Type) -> (Double, Double) {
    let after = index + rows * cell.hiddenSize
    let (state, error) = (history.states[after], stateErrors[after])
    switch nonlinearity {
    case .tanh:
      let rounding = 3 * Tolerance.unitRoundoff(Scalar.self) + 3 * Tolerance.unitRoundoff(Double.self)
      return (1 - state * state, Tolerance.slack * (2 * state.magnitude * error + error * error + rounding))
    case .relu:
      let sum = history.sums[index]
      return (sum > 0 ? 1 : 0, sum.magnitude <= sumErrors[index] ? 1 : 0)
    }
  }

  /// δ of every step, [T, B, H], and the gradient of the state before the first, [B, H].
  func deltas<Scalar: TensorScalar>(
    _ outputGradient: BoundedNumbers, _ finalGradient: BoundedNumbers, _: Scalar.Type
  ) -> (BoundedNumbers, before: BoundedNumbers) {
    let hiddenSize = cell.hiddenSize
    var carry = finalGradient
    var deltas = BoundedNumbers(zeros: steps * rows * hiddenSize)
    for step in (0..<steps).reversed() {
      for index in 0..<(rows * hiddenSize) {
        let place = step * rows * hiddenSize + index
        var sum = BoundedSum()
        sum.add(outputGradient.values[place], outputGradient.bounds[place], times: 1, 0)
        sum.add(carry.values[index], carry.bounds[index], times: 1, 0)
        let (derivative, error) = derivative(place, Scalar.self)
        var product = BoundedSum()
        product.add(sum.value, sum.bound(Scalar.self), times: derivative, error)
        deltas.values[place] = product.value
        deltas.bounds[place] = product.bound(Scalar.self)
      }
      for row in 0..<rows {
        for unit in 0..<hiddenSize {
          var sum = BoundedSum()
          for other in 0..<hiddenSize {
            let place = (step * rows + row) * hiddenSize + other
            sum.add(
              deltas.values[place], deltas.bounds[place],
              times: cell.weightHH[other * hiddenSize + unit], 0)
          }
          carry.values[row * hiddenSize + unit] = sum.value
          carry.bounds[row * hiddenSize + unit] = sum.bound(Scalar.self)
        }
      }
    }
    return (deltas, carry)
  }

  func parameterGradients<Scalar: TensorScalar>(
    _ deltas: BoundedNumbers, _ source: BoundedNumbers, _: Scalar.Type
  ) -> ReferenceCellGradients {
    let states = (values: history.states, bounds: stateErrors)
    let ones = [Double](repeating: 1, count: steps * rows)
    return ReferenceCellGradients(
      weightIH: outer(deltas, source.values, source.bounds, features: cell.inputSize, Scalar.self),
      weightHH: outer(deltas, states.values, states.bounds, features: cell.hiddenSize, Scalar.self),
      bias: outer(deltas, ones, ones.map { _ in 0 }, features: 1, Scalar.self))
  }

  /// Σ δ_kᵀ·x_k over all steps and rows, [H, features].
  private func outer<Scalar: TensorScalar>(
    _ deltas: BoundedNumbers, _ values: [Double], _ bounds: [Double], features: Int, _: Scalar.Type
  ) -> BoundedNumbers {
    var result = BoundedNumbers(zeros: cell.hiddenSize * features)
    for unit in 0..<cell.hiddenSize {
      for feature in 0..<features {
        var sum = BoundedSum()
        for k in 0..<(steps * rows) {
          sum.add(
            deltas.values[k * cell.hiddenSize + unit], deltas.bounds[k * cell.hiddenSize + unit],
            times: values[k * features + feature], bounds[k * features + feature])
        }
        result.values[unit * features + feature] = sum.value
        result.bounds[unit * features + feature] = sum.bound(Scalar.self)
      }
    }
    return result
  }

  /// δ_k·W_ih of all steps and rows, [T, B, I].
  func inputGradient<Scalar: TensorScalar>(_ deltas: BoundedNumbers, _: Scalar.Type) -> BoundedNumbers {
    var result = BoundedNumbers(zeros: steps * rows * cell.inputSize)
    for k in 0..<(steps * rows) {
      for feature in 0..<cell.inputSize {
        var sum = BoundedSum()
        for unit in 0..<cell.hiddenSize {
          let place = k * cell.hiddenSize + unit
          sum.add(
            deltas.values[place], deltas.bounds[place],
            times: cell.weightIH[unit * cell.inputSize + feature], 0)
        }
        result.values[k * cell.inputSize + feature] = sum.value
        result.bounds[k * cell.inputSize + feature] = sum.bound(Scalar.self)
      }
    }
    return result
  }
}
