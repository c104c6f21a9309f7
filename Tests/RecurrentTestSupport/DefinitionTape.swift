import Foundation
import Recurrent

// The derivative of any computation by its definition: a tape of vectors, walked back by the chain
// rule.
//
// It is the oracle of gradients that nobody has written down: a cell is defined by its forward
// formula alone, and what the package has derived by hand is compared with what follows from the
// formula. Every number carries a bound of how far the same number computed in `Scalar` may lie
// from it: see `TrackedNumber`.

/// A tape of operations on vectors in `Double`, each element with the error that somebody who
/// computes it in `Scalar` may make.
public struct DefinitionTape<Scalar: TensorScalar> {
  public typealias Number = TrackedNumber<Scalar>

  /// A vector on the tape: a range of its elements.
  public typealias Vector = Range<Int>

  private enum Operation {
    /// target = Σ biases + Σ W·x.
    case affine(target: Vector, factors: [(matrix: Vector, vector: Vector)], biases: [Vector])
    /// target = a.
    case copy(target: Vector, Vector)
    /// target = f(a, b), element by element, with the partial derivatives of each.
    case binary(target: Vector, Vector, Vector, partials: [(Number, Number)])
    /// target = f(a), element by element, with the derivative of each.
    case unary(target: Vector, Vector, partials: [Number])
    /// target = the sum of a, one element.
    case sum(target: Int, Vector)
    /// target = every element of a function of the scalar at a place; with derivatives.
    case spread(target: Vector, Int)
  }

  private var numbers: [Number] = []
  private var operations: [Operation] = []

  public init() {}

  /// The numbers of a vector.
  public subscript(_ vector: Vector) -> ArraySlice<Number> { numbers[vector] }

  private mutating func append(_ count: Int) -> Vector {
    numbers.append(contentsOf: repeatElement(Number(0), count: count))
    return (numbers.count - count)..<numbers.count
  }

  // MARK: Operations

  /// A vector of exact numbers.
  public mutating func leaf(_ values: some Sequence<Double>) -> Vector {
    let start = numbers.count
    for value in values { numbers.append(Number(value)) }
    return start..<numbers.count
  }

  /// Σ biases + Σ W·x, in whatever order the other side adds them.
  public mutating func affine(
    _ factors: [(matrix: Vector, vector: Vector)], biases: [Vector]
  ) -> Vector {
    let target = append(factors[0].matrix.count / factors[0].vector.count)
    for row in 0..<target.count {
      var (value, inherited, magnitude, count) = (0.0, 0.0, 0.0, biases.count)
      for bias in biases {
        let number = numbers[bias.lowerBound + row].value
        value += number
        magnitude += number.magnitude
      }
      for (matrix, vector) in factors {
        let weights = matrix.lowerBound + row * vector.count
        count += vector.count
        for k in 0..<vector.count {
          let (weight, number) = (numbers[weights + k].value, numbers[vector.lowerBound + k])
          value += weight * number.value
          inherited += weight.magnitude * number.error
          magnitude += weight.magnitude * (number.value.magnitude + number.error)
        }
      }
      let rounding = Tolerance.sumBound(termCount: count, magnitude: magnitude, Scalar.self)
      numbers[target.lowerBound + row] = Number(value, error: Tolerance.slack * inherited + rounding)
    }
    operations.append(.affine(target: target, factors: factors, biases: biases))
    return target
  }

  /// Vectors one after the other.
  public mutating func joined(_ vectors: [Vector]) -> Vector {
    let target = append(vectors.reduce(0) { $0 + $1.count })
    var next = target.lowerBound
    for vector in vectors {
      for (index, place) in vector.enumerated() { numbers[next + index] = numbers[place] }
      operations.append(.copy(target: next..<(next + vector.count), vector))
      next += vector.count
    }
    return target
  }

  private mutating func binary(
    _ a: Vector, _ b: Vector, _ body: (Number, Number) -> (Number, Number, Number)
  ) -> Vector {
    let target = append(a.count)
    var partials: [(Number, Number)] = []
    for index in 0..<a.count {
      let (value, ofA, ofB) = body(numbers[a.lowerBound + index], numbers[b.lowerBound + index])
      numbers[target.lowerBound + index] = value
      partials.append((ofA, ofB))
    }
    operations.append(.binary(target: target, a, b, partials: partials))
    return target
  }

  private mutating func unary(_ a: Vector, _ body: (Number) -> (Number, Number)) -> Vector {
    let target = append(a.count)
    var partials: [Number] = []
    for index in 0..<a.count {
      let (value, partial) = body(numbers[a.lowerBound + index])
      numbers[target.lowerBound + index] = value
      partials.append(partial)
    }
    operations.append(.unary(target: target, a, partials: partials))
    return target
  }

  public mutating func add(_ a: Vector, _ b: Vector) -> Vector {
    binary(a, b) { ($0 + $1, Number(1), Number(1)) }
  }

  public mutating func subtract(_ a: Vector, _ b: Vector) -> Vector {
    binary(a, b) { ($0 - $1, Number(1), Number(-1)) }
  }

  public mutating func multiply(_ a: Vector, _ b: Vector) -> Vector {
    binary(a, b) { ($0 * $1, $1, $0) }
  }

  /// share ⊙ a + (1 − share) ⊙ b.
  public mutating func mix(_ a: Vector, _ b: Vector, share: [Double]) -> Vector {
    let kept = leaf(share)
    let one = leaf(repeatElement(1, count: share.count))
    let rest = subtract(one, kept)
    return add(multiply(kept, a), multiply(rest, b))
  }

  /// The product with constants, as they are when they become a `Scalar`.
  public mutating func scale(_ a: Vector, by factors: [Double]) -> Vector {
    var index = 0
    return unary(a) { number in
      let factor = Number(rounding: factors[index])
      index += 1
      return (number * factor, factor)
    }
  }

  public mutating func tanh(_ a: Vector) -> Vector {
    unary(a) { number in
      let result = number.hyperbolicTangent()
      return (result, Number(1) - result * result)
    }
  }

  public mutating func sigmoid(_ a: Vector) -> Vector {
    unary(a) { number in
      let result = Number(
        1 / (1 + exp(-number.value)), error: Tolerance.sigmoidBound(error: number.error, Scalar.self))
      return (result, result * (Number(1) - result))
    }
  }

  public mutating func relu(_ a: Vector) -> Vector {
    unary(a) { number in
      let error = Tolerance.activationBound(.relu, at: number.value, error: number.error, Scalar.self)
      // So near to 0 the sum that was computed may have the other sign.
      let isUncertain = number.value.magnitude <= number.error
      return (
        Number(max(0, number.value), error: error),
        Number(number.value > 0 ? 1 : 0, error: isUncertain && number.error > 0 ? 1 : 0)
      )
    }
  }

  /// (v − mean v) / √(var v + ε) of all elements.
  public mutating func normalized(_ a: Vector, epsilon: Double) -> Vector {
    let inverseCount = 1 / Double(a.count)
    let mean = scale(sum(a), by: [inverseCount])
    let centered = subtract(a, spread(mean.lowerBound, count: a.count))
    let squares = multiply(centered, centered)
    let variance = scale(sum(squares), by: [inverseCount])
    let inverse = unary(variance) { number in
      let root = (number + Number(rounding: epsilon)).squareRoot()
      let inverse = Number(1) / root
      return (inverse, Number(-0.5) * inverse * inverse * inverse)
    }
    return multiply(centered, spread(inverse.lowerBound, count: a.count))
  }

  private mutating func sum(_ a: Vector) -> Vector {
    let target = append(1)
    numbers[target.lowerBound] = Number.sum(ofProducts: numbers[a].map { ($0, Number(1)) })
    operations.append(.sum(target: target.lowerBound, a))
    return target
  }

  private mutating func spread(_ place: Int, count: Int) -> Vector {
    let target = append(count)
    for index in target { numbers[index] = numbers[place] }
    operations.append(.spread(target: target, place))
    return target
  }

  // MARK: The chain rule

  /// A gradient that is being summed.
  private struct Gradient {
    var value = 0.0
    var inherited = 0.0
    var magnitude = 0.0
    var count = 0

    mutating func add(_ a: Number, _ b: Number) {
      value += a.value * b.value
      inherited += a.value.magnitude * b.error + b.value.magnitude * a.error + a.error * b.error
      magnitude += (a.value.magnitude + a.error) * (b.value.magnitude + b.error)
      count += 1
    }

    var number: Number {
      guard count > 0 else { return Number(0) }
      return Number(
        value,
        error: Tolerance.slack * inherited
          + Tolerance.sumBound(termCount: count + 1, magnitude: magnitude, Scalar.self))
    }
  }

  /// The gradient of Σ seeds·numbers with respect to every number on the tape.
  ///
  /// - Parameter seeds: Vectors and their factors.
  /// - Returns: One for every number.
  public func gradients(_ seeds: [(Vector, [Double])]) -> [Number] {
    var gradients = [Gradient](repeating: Gradient(), count: numbers.count)
    for (vector, factors) in seeds {
      for (index, factor) in zip(vector, factors) { gradients[index].add(Number(factor), Number(1)) }
    }
    for operation in operations.reversed() {
      switch operation {
      case .affine(let target, let factors, let biases):
        for row in 0..<target.count {
          let gradient = gradients[target.lowerBound + row].number
          for bias in biases { gradients[bias.lowerBound + row].add(gradient, Number(1)) }
          for (matrix, vector) in factors {
            let weights = matrix.lowerBound + row * vector.count
            for k in 0..<vector.count {
              gradients[weights + k].add(gradient, numbers[vector.lowerBound + k])
              gradients[vector.lowerBound + k].add(gradient, numbers[weights + k])
            }
          }
        }
      case .copy(let target, let source):
        for (index, place) in zip(target, source) { gradients[place].add(gradients[index].number, Number(1)) }
      case .binary(let target, let a, let b, let partials):
        for (index, partial) in partials.enumerated() {
          let gradient = gradients[target.lowerBound + index].number
          gradients[a.lowerBound + index].add(gradient, partial.0)
          gradients[b.lowerBound + index].add(gradient, partial.1)
        }
      case .unary(let target, let a, let partials):
        for (index, partial) in partials.enumerated() {
          gradients[a.lowerBound + index].add(gradients[target.lowerBound + index].number, partial)
        }
      case .sum(let target, let a):
        let gradient = gradients[target].number
        for index in a { gradients[index].add(gradient, Number(1)) }
      case .spread(let target, let place):
        for index in target { gradients[place].add(gradients[index].number, Number(1)) }
      }
    }
    return gradients.map(\.number)
  }
}
