import Foundation
@_spi(Benchmarks) import Recurrent

extension BenchmarkActivation {
  /// Whether a value is the activation's at an argument, to the documented four units in the last
  /// place.
  func gives(_ value: Float, at argument: Float) -> Bool {
    let exact: Double =
      switch self {
      case .relu: max(0, Double(argument))
      case .tanh: Foundation.tanh(Double(argument))
      case .sigmoid: 1 / (1 + exp(-Double(argument)))
      }
    return (Double(value) - exact).magnitude <= 4 * Double(Float(exact).ulp)
  }
}
