import Recurrent
import RecurrentTestSupport

/// The equations of `SequenceModel` with tanh, its loss and the chain rule, as loops over numbers
/// that carry the bound of their errors: an oracle for a whole run of training.
struct ReferenceSequenceModel<Scalar: TensorScalar> {
  typealias Number = TrackedNumber<Scalar>

  /// One matrix of rows, or one vector.
  struct Parameter {
    var numbers: [Number]
    var columns: Int

    subscript(row: Int, column: Int) -> Number { numbers[row * columns + column] }
  }

  /// By the model's names.
  var parameters: [String: Parameter] = [:]
  let layers: Int

  /// Takes parameters that become `Scalar` by rounding, if they are not such numbers already.
  init(_ parameters: StateDictionary<Double>, layers: Int) {
    self.layers = layers
    for (name, tensor) in parameters {
      self.parameters[name] = Parameter(
        numbers: tensor.scalars.map {
          Double(Scalar($0)) == $0 ? Number($0) : Number(rounding: $0)
        }, columns: tensor.shape.dimensions.last ?? 1)
    }
  }

  private func parameter(_ name: String) -> Parameter {
    parameters[name] ?? Parameter(numbers: [], columns: 0)
  }

  /// Every layer's input at every step and row, the head's last, and the predictions.
  private func run(_ input: [[[Number]]]) -> (inputs: [[[[Number]]]], prediction: [[[Number]]]) {
    var inputs = [input]
    for layer in 0..<layers {
      let (weightIH, weightHH) = (
        parameter("rnn.weight_ih_l\(layer)"), parameter("rnn.weight_hh_l\(layer)")
      )
      let biases = (parameter("rnn.bias_ih_l\(layer)"), parameter("rnn.bias_hh_l\(layer)"))
      let units = weightHH.columns
      var output: [[[Number]]] = []
      for (step, rows) in inputs[layer].enumerated() {
        output.append(
          rows.indices.map { row in
            (0..<units).map { unit in
              var terms = rows[row].indices.map { (weightIH[unit, $0], rows[row][$0]) }
              if step > 0 {
                terms += (0..<units).map { (weightHH[unit, $0], output[step - 1][row][$0]) }
              }
              terms += [(biases.0.numbers[unit], Number(1)), (biases.1.numbers[unit], Number(1))]
              return Number.sum(ofProducts: terms).hyperbolicTangent()
            }
          })
      }
      inputs.append(output)
    }
    let (weight, bias) = (parameter("head.weight"), parameter("head.bias"))
    let prediction = inputs[layers].map { rows in
      rows.map { row in
        bias.numbers.indices.map { feature in
          Number.sum(
            ofProducts: row.indices.map { (weight[feature, $0], row[$0]) }
              + [(bias.numbers[feature], Number(1))])
        }
      }
    }
    return (inputs, prediction)
  }

  /// `[T, B, O]` from `[T, B, I]`.
  func output(_ input: Tensor<Double>) -> [Number] {
    run(Self.nested(input)).prediction.flatMap { $0.flatMap { $0 } }
  }

  /// The mean squared error, and its gradients by the model's names.
  func lossWithGradients(
    _ input: Tensor<Double>, _ target: Tensor<Double>
  ) -> (loss: Number, gradients: [String: [Number]]) {
    let (inputs, prediction) = run(Self.nested(input))
    let differences = zip(prediction, Self.nested(target)).map { rows, targets in
      zip(rows, targets).map { zip($0, $1).map { $0 - $1 } }
    }
    let count = Double(target.scalars.count)
    let flat = differences.flatMap { $0.flatMap { $0 } }
    let loss = Number.sum(ofProducts: flat.map { ($0, $0) }) / Number(count)
    let slopes = differences.map { $0.map { $0.map { $0 * Number(2) / Number(count) } } }
    var gradients = Self.affineGradients(slopes, inputs[layers], name: "head.", suffix: "")
    var above = Self.product(slopes, parameter("head.weight"))
    for layer in (0..<layers).reversed() {
      let deltas = deltas(above, outputs: inputs[layer + 1], parameter("rnn.weight_hh_l\(layer)"))
      gradients.merge(
        Self.affineGradients(deltas, inputs[layer], name: "rnn.", suffix: "_ih_l\(layer)")
      ) { $1 }
      // The state before the first step is 0.
      gradients.merge(
        Self.affineGradients(
          Array(deltas.dropFirst()), inputs[layer + 1].dropLast(), name: "rnn.", suffix: "_hh_l\(layer)")
      ) { $1 }
      gradients["rnn.bias_hh_l\(layer)"] = gradients["rnn.bias_ih_l\(layer)"]
      above = Self.product(deltas, parameter("rnn.weight_ih_l\(layer)"))
    }
    return (loss, gradients)
  }

  /// δ_t = (∂output_t + δ_{t+1}·W_hh) ⊙ (1 − h_t²), [T, B, H].
  private func deltas(
    _ above: [[[Number]]], outputs: [[[Number]]], _ weightHH: Parameter
  ) -> [[[Number]]] {
    var deltas: [[[Number]]] = []
    for step in above.indices.reversed() {
      let carry = deltas.first.map { Self.product([$0], weightHH)[0] }
      let rows = above[step].indices.map { row in
        above[step][row].indices.map { unit in
          let state = outputs[step][row][unit]
          let sum = carry.map { above[step][row][unit] + $0[row][unit] } ?? above[step][row][unit]
          return sum * (Number(1) - state * state)
        }
      }
      deltas.insert(rows, at: 0)
    }
    return deltas
  }

  /// Σ δᵀ·x and Σ δ over all steps and rows.
  private static func affineGradients(
    _ deltas: [[[Number]]], _ inputs: [[[Number]]], name: String, suffix: String
  ) -> [String: [Number]] {
    let (deltas, inputs) = (deltas.flatMap { $0 }, inputs.flatMap { $0 })
    var (weight, bias): ([Number], [Number]) = ([], [])
    for unit in deltas[0].indices {
      for feature in inputs[0].indices {
        weight.append(
          .sum(ofProducts: zip(deltas, inputs).map { ($0[unit], $1[feature]) }))
      }
      bias.append(.sum(ofProducts: deltas.map { ($0[unit], Number(1)) }))
    }
    return ["\(name)weight\(suffix)": weight, "\(name)bias\(suffix)": bias]
  }

  /// δ·W of every step and row.
  private static func product(_ deltas: [[[Number]]], _ weight: Parameter) -> [[[Number]]] {
    deltas.map { rows in
      rows.map { row in
        (0..<weight.columns).map { column in
          .sum(ofProducts: row.indices.map { (row[$0], weight[$0, column]) })
        }
      }
    }
  }

  private static func nested(_ tensor: Tensor<Double>) -> [[[Number]]] {
    tensor.map { $0.map { $0.scalars.map { Number($0) } } }
  }
}
