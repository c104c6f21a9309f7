import Foundation
import Recurrent

/// Cells with gates by their definitions, loop by loop in `Double`, forward and back by the chain
/// rule; every number with the error that somebody who computes it in `Scalar` may make.
///
/// It is the oracle of the tests, so it shares no code with the package and has no cleverness at
/// all.
public struct ReferenceGates<Scalar: TensorScalar> {
  public typealias Number = TrackedNumber<Scalar>

  /// The cell.
  public enum Kind: String, Sendable, CaseIterable {
    case lstm, gru

    public var gateCount: Int { self == .lstm ? 4 : 3 }
  }

  /// What a row of a layer has computed at one step.
  private struct Moment {
    var x: [Number]
    var h: [Number]
    var c: [Number]
    var gates: [[Number]]
    /// h·W_hnᵀ + b_hn of a GRU.
    var recurrentN: [Number]
    var newH: [Number]
    var newC: [Number]
  }

  private let kind: Kind
  private let parameters: [CellParameters<Scalar>]
  private let steps: Int
  private let rows: Int
  private let hiddenSize: Int
  /// By layer, step and row.
  private var moments: [[[Moment]]] = []

  /// The last layer's outputs, `[T, B, H]`.
  public private(set) var output: [Number] = []
  /// `[L, B, H]`.
  public private(set) var finalHidden: [Number] = []
  /// `[L, B, H]`; zeros in a GRU.
  public private(set) var finalCell: [Number] = []

  /// Runs the forward pass over `[T, B, I]` from `[L, B, H]`; zeros for `nil`.
  public init(
    _ kind: Kind, _ parameters: [CellParameters<Scalar>], input: [Double], steps: Int, rows: Int,
    hidden: [Double]?, cell: [Double]?
  ) {
    self.kind = kind
    self.parameters = parameters
    self.steps = steps
    self.rows = rows
    hiddenSize = parameters[0].weightHH.shape[1]
    let features = parameters[0].weightIH.shape[1]
    var x = (0..<(steps * rows)).map { place in
      (0..<features).map { Number(input[place * features + $0]) }
    }
    for (layer, cellParameters) in parameters.enumerated() {
      var layerMoments: [[Moment]] = []
      func start(_ values: [Double]?, _ row: Int) -> [Number] {
        (0..<hiddenSize).map { Number(values?[(layer * rows + row) * hiddenSize + $0] ?? 0) }
      }
      var h = (0..<rows).map { start(hidden, $0) }
      var c = (0..<rows).map { start(cell, $0) }
      for step in 0..<steps {
        let moments = (0..<rows).map { row in
          Self.moment(kind, cellParameters, x[step * rows + row], h[row], c[row])
        }
        h = moments.map(\.newH)
        c = moments.map(\.newC)
        layerMoments.append(moments)
      }
      x = layerMoments.flatMap { $0.map(\.newH) }
      finalHidden += h.flatMap { $0 }
      finalCell += c.flatMap { $0 }
      moments.append(layerMoments)
    }
    output = x.flatMap { $0 }
  }

  private static func number(_ tensor: Tensor<Scalar>?, _ index: Int) -> Number {
    Number(tensor.map { Double($0.scalars[index]) } ?? 0)
  }

  /// One row's sum over a gate's weights of one unit.
  private static func sum(_ weights: Tensor<Scalar>, _ row: Int, _ values: [Number], _ bias: Number) -> Number
  {
    var sum = bias
    for (index, value) in values.enumerated() {
      sum = sum + number(weights, row * values.count + index) * value
    }
    return sum
  }

  private static func moment(
    _ kind: Kind, _ parameters: CellParameters<Scalar>, _ x: [Number], _ h: [Number], _ c: [Number]
  ) -> Moment {
    let size = h.count
    func sums(_ gate: Int, _ unit: Int) -> (input: Number, recurrent: Number) {
      let row = gate * size + unit
      return (
        sum(parameters.weightIH, row, x, number(parameters.biasIH, row)),
        sum(parameters.weightHH, row, h, number(parameters.biasHH, row))
      )
    }
    var moment = Moment(
      x: x, h: h, c: c, gates: Array(repeating: [], count: kind.gateCount), recurrentN: [], newH: [],
      newC: [])
    for unit in 0..<size {
      let all = (0..<kind.gateCount).map { sums($0, unit) }
      switch kind {
      case .lstm:
        let i = sigmoid(all[0].input + all[0].recurrent)
        let f = sigmoid(all[1].input + all[1].recurrent)
        let g = tanh(all[2].input + all[2].recurrent)
        let o = sigmoid(all[3].input + all[3].recurrent)
        let newC = f * c[unit] + i * g
        for (gate, value) in [i, f, g, o].enumerated() { moment.gates[gate].append(value) }
        moment.newC.append(newC)
        moment.newH.append(o * tanh(newC))
      case .gru:
        let r = sigmoid(all[0].input + all[0].recurrent)
        let z = sigmoid(all[1].input + all[1].recurrent)
        let n = tanh(all[2].input + r * all[2].recurrent)
        for (gate, value) in [r, z, n].enumerated() { moment.gates[gate].append(value) }
        moment.recurrentN.append(all[2].recurrent)
        moment.newC.append(c[unit])
        moment.newH.append((Number(1) - z) * n + z * h[unit])
      }
    }
    return moment
  }

  private static func sigmoid(_ a: Number) -> Number {
    Number(1 / (1 + exp(-a.value)), error: Tolerance.sigmoidBound(error: a.error, Scalar.self))
  }

  private static func tanh(_ a: Number) -> Number {
    Number(
      Foundation.tanh(a.value),
      error: Tolerance.activationBound(.tanh, at: a.value, error: a.error, Scalar.self))
  }
}

/// The gradients of one cell of the reference, in the layout of its parameters.
public struct ReferenceGateGradients<Scalar: TensorScalar> {
  public internal(set) var weightIH: [TrackedNumber<Scalar>]
  public internal(set) var weightHH: [TrackedNumber<Scalar>]
  public internal(set) var biasIH: [TrackedNumber<Scalar>]
  public internal(set) var biasHH: [TrackedNumber<Scalar>]
}

extension ReferenceGates {
  /// The gradients of Σ output·outputGradient + Σ hidden·hiddenGradient + Σ cell·cellGradient.
  public func gradients(
    outputGradient: [Double]?, hiddenGradient: [Double]?, cellGradient: [Double]?
  ) -> (cells: [ReferenceGateGradients<Scalar>], input: [Number], hidden: [Number], cell: [Number]) {
    let size = hiddenSize
    var cells: [ReferenceGateGradients<Scalar>] = []
    var hidden: [Number] = []
    var memory: [Number] = []
    var above = (outputGradient ?? Array(repeating: 0, count: steps * rows * size)).map { Number($0) }
    for layer in parameters.indices.reversed() {
      let parameters = parameters[layer]
      let features = parameters.weightIH.shape[1]
      func zeros(_ count: Int) -> [Number] { Array(repeating: Number(0), count: count) }
      let sums = kind.gateCount * size
      var gradients = ReferenceGateGradients<Scalar>(
        weightIH: zeros(sums * features), weightHH: zeros(sums * size), biasIH: zeros(sums),
        biasHH: zeros(sums))
      var below = zeros(steps * rows * features)
      func start(_ values: [Double]?, _ row: Int) -> [Number] {
        (0..<size).map { Number(values?[(layer * rows + row) * size + $0] ?? 0) }
      }
      var dh = (0..<rows).map { start(hiddenGradient, $0) }
      var dc = (0..<rows).map { start(cellGradient, $0) }
      for step in (0..<steps).reversed() {
        for row in 0..<rows {
          let moment = moments[layer][step][row]
          let place = step * rows + row
          for unit in 0..<size { dh[row][unit] = dh[row][unit] + above[place * size + unit] }
          let delta = delta(moment, dh[row], &dc[row])
          dh[row] = delta.direct
          for sum in 0..<sums {
            gradients.biasIH[sum] = gradients.biasIH[sum] + delta.input[sum]
            gradients.biasHH[sum] = gradients.biasHH[sum] + delta.recurrent[sum]
            for feature in 0..<features {
              let index = sum * features + feature
              gradients.weightIH[index] = gradients.weightIH[index] + delta.input[sum] * moment.x[feature]
              below[place * features + feature] =
                below[place * features + feature]
                + delta.input[sum] * Self.number(parameters.weightIH, index)
            }
            for unit in 0..<size {
              let index = sum * size + unit
              gradients.weightHH[index] = gradients.weightHH[index] + delta.recurrent[sum] * moment.h[unit]
              dh[row][unit] =
                dh[row][unit] + delta.recurrent[sum] * Self.number(parameters.weightHH, index)
            }
          }
        }
      }
      above = below
      cells.insert(gradients, at: 0)
      hidden = dh.flatMap { $0 } + hidden
      memory = dc.flatMap { $0 } + memory
    }
    return (cells, above, hidden, memory)
  }

  /// The gradients of a row's sums at one step, and the part of ∂h that does not pass through them;
  /// `dc` is carried back.
  private func delta(
    _ moment: Moment, _ dh: [Number], _ dc: inout [Number]
  ) -> (input: [Number], recurrent: [Number], direct: [Number]) {
    let one = Number(1)
    var input: [[Number]] = Array(repeating: [], count: kind.gateCount)
    var recurrent = input
    var direct: [Number] = []
    for unit in 0..<hiddenSize {
      let gates = moment.gates.map { $0[unit] }
      switch kind {
      case .lstm:
        let (i, f, g, o) = (gates[0], gates[1], gates[2], gates[3])
        let squashed = Self.tanh(moment.newC[unit])
        let d = dc[unit] + dh[unit] * o * (one - squashed * squashed)
        let deltas = [
          d * g * i * (one - i), d * moment.c[unit] * f * (one - f), d * i * (one - g * g),
          dh[unit] * squashed * o * (one - o),
        ]
        for (gate, value) in deltas.enumerated() {
          input[gate].append(value)
          recurrent[gate].append(value)
        }
        dc[unit] = d * f
        direct.append(Number(0))
      case .gru:
        let (r, z, n) = (gates[0], gates[1], gates[2])
        let ofN = dh[unit] * (one - z) * (one - n * n)
        let ofZ = dh[unit] * (moment.h[unit] - n) * z * (one - z)
        let ofR = ofN * moment.recurrentN[unit] * r * (one - r)
        for (gate, value) in [ofR, ofZ, ofN].enumerated() { input[gate].append(value) }
        for (gate, value) in [ofR, ofZ, ofN * r].enumerated() { recurrent[gate].append(value) }
        direct.append(dh[unit] * z)
      }
    }
    return (input.flatMap { $0 }, recurrent.flatMap { $0 }, direct)
  }
}
