import Recurrent
import RecurrentTestSupport

/// The equations of the optimizers for one scalar, as PyTorch's documentation writes them, with the
/// error that an implementation in `Scalar` may make.
struct ReferenceOptimizer<Scalar: TensorScalar> {
  typealias Number = TrackedNumber<Scalar>

  /// PyTorch's name of the class.
  let name: String
  /// PyTorch's names of the options.
  let options: [String: Double]
  /// What is remembered, by PyTorch's name.
  var memory: [String: Number] = [:]
  var step = 0

  init(name: String, options: [String: Double]) {
    self.name = name
    self.options = options
  }

  private func option(_ name: String) -> Number { Number(rounding: options[name] ?? 0) }
  private func complement(_ name: String) -> Number { Number(rounding: 1 - (options[name] ?? 0)) }
  private func has(_ name: String) -> Bool { (options[name] ?? 0) != 0 }
  private func remembered(_ name: String) -> Number { memory[name] ?? Number(0) }

  /// The parameter after one step.
  mutating func update(_ parameter: Number, _ gradient: Number) -> Number {
    step += 1
    var slope = gradient
    if name != "AdamW", has("weight_decay") { slope = slope + option("weight_decay") * parameter }
    switch name {
    case "SGD": return descend(parameter, slope)
    case "RMSprop": return propagate(parameter, slope)
    default: return advance(parameter, slope)
    }
  }

  private mutating func descend(_ parameter: Number, _ slope: Number) -> Number {
    guard has("momentum") else { return parameter - option("lr") * slope }
    let buffer =
      step == 1
      ? slope : option("momentum") * remembered("momentum_buffer") + complement("dampening") * slope
    memory["momentum_buffer"] = buffer
    return parameter - option("lr") * (has("nesterov") ? slope + option("momentum") * buffer : buffer)
  }

  private mutating func advance(_ parameter: Number, _ slope: Number) -> Number {
    var parameter = parameter
    if name == "AdamW" {
      parameter = Number(rounding: 1 - (options["lr"] ?? 0) * (options["weight_decay"] ?? 0)) * parameter
    }
    let average = option("beta1") * remembered("exp_avg") + complement("beta1") * slope
    let square = option("beta2") * remembered("exp_avg_sq") + complement("beta2") * slope * slope
    (memory["exp_avg"], memory["exp_avg_sq"]) = (average, square)
    // Both sides compute these in Double, where 1 − βᵗ keeps the absolute error of βᵗ.
    let corrections = ["beta1", "beta2"].map { name in
      var power = 1.0
      for _ in 0..<step { power *= options[name] ?? 0 }
      return TrackedNumber<Double>(1)
        - TrackedNumber<Double>(power, error: Tolerance.sumBound(termCount: step, magnitude: 1, Double.self))
    }
    let size = (TrackedNumber<Double>(options["lr"] ?? 0) / corrections[0]).converted(to: Scalar.self)
    let root = corrections[1].squareRoot().converted(to: Scalar.self)
    return parameter - size * (average / (square.squareRoot() / root + option("eps")))
  }

  private mutating func propagate(_ parameter: Number, _ slope: Number) -> Number {
    let square = option("alpha") * remembered("square_avg") + complement("alpha") * slope * slope
    memory["square_avg"] = square
    var variance = square
    if has("centered") {
      let average = option("alpha") * remembered("grad_avg") + complement("alpha") * slope
      memory["grad_avg"] = average
      variance = square - average * average
    }
    var step = slope / (variance.squareRoot() + option("eps"))
    if has("momentum") {
      step = option("momentum") * remembered("momentum_buffer") + step
      memory["momentum_buffer"] = step
    }
    return parameter - option("lr") * step
  }
}
