internal import CellKernels
internal import VectorKernels

/// One row of one step of a ``CustomCell``. Every buffer has H elements, but those of whole
/// parameters.
///
/// Buffers are valid within the call only.
public struct CustomCellRow<Scalar: TensorScalar> {
  /// H.
  public let hiddenSize: Int
  /// h, the output of the step before.
  public let state: UnsafeBufferPointer<Scalar>
  /// What the cell has kept in the step before. It may be the same memory as ``memory``: an element
  /// is to be read before its place is written.
  public let memoryBefore: UnsafeBufferPointer<Scalar>
  /// Where the formula writes what it keeps for the next step.
  public let memory: UnsafeMutableBufferPointer<Scalar>
  /// Where the formula writes h′.
  public let output: UnsafeMutableBufferPointer<Scalar>
  /// Functions at the speed of the processor's vectors.
  public let functions: CellFunctions<Scalar>

  private let gates: RowVectors<Scalar>
  private let recurrentSums: RowVectors<Scalar>
  private let kept: RowVectors<Scalar>
  private let unitParameters: RowVectors<Scalar>

  /// The sums of the input for a gate, a_g. The formula may write there what the derivative needs
  /// of the gate.
  ///
  /// - Parameter gate: 0 to G − 1.
  /// - Returns: H numbers.
  public func gate(_ gate: Int) -> UnsafeMutableBufferPointer<Scalar> { gates[gate] }

  /// The sums of the state for a gate, b_g. The formula may write there; nothing of it is kept.
  ///
  /// - Parameter gate: 0 to G − 1.
  /// - Returns: H numbers.
  public func recurrentSum(_ gate: Int) -> UnsafeMutableBufferPointer<Scalar> { recurrentSums[gate] }

  /// Where the formula writes what the derivative needs beside.
  ///
  /// - Parameter vector: 0 to ``CustomCell/keptVectorCount`` − 1.
  /// - Returns: H numbers.
  public func kept(_ vector: Int) -> UnsafeMutableBufferPointer<Scalar> { kept[vector] }

  /// A parameter of the units.
  ///
  /// - Parameter parameter: 0 to K − 1.
  /// - Returns: H numbers.
  public func unitParameter(_ parameter: Int) -> UnsafeBufferPointer<Scalar> {
    UnsafeBufferPointer(unitParameters[parameter])
  }

  init(
    _ step: CellStep<Scalar>, _ other: CustomStep<Scalar>, row: Int, _ sizes: CustomCellSizes,
    hiddenSize: Int, _ unitParameters: UnsafeBufferPointer<Scalar>, _ functions: CellFunctions<Scalar>
  ) {
    guard let recurrentSums = step.hiddenProjection else {
      preconditionFailure("a step without a separate hidden projection")
    }
    self.hiddenSize = hiddenSize
    self.functions = functions
    state = UnsafeBufferPointer(step.state.row(row, count: hiddenSize))
    memoryBefore = UnsafeBufferPointer(step.cellStateBefore.row(row, count: hiddenSize))
    memory = step.cellState.row(row, count: hiddenSize)
    output = step.output.row(row, count: hiddenSize)
    gates = RowVectors(step.gates, row, sizes.gateCount, hiddenSize)
    self.recurrentSums = RowVectors(recurrentSums, row, sizes.gateCount, hiddenSize)
    kept = RowVectors(other.kept, row, sizes.keptVectorCount, hiddenSize)
    self.unitParameters = RowVectors(unitParameters, sizes.unitParameterCount, hiddenSize)
  }
}

/// One row of one step of a ``DifferentiableCustomCell`` in the backward pass.
///
/// Buffers are valid within the call only.
public struct CustomCellRowGradient<Scalar: TensorScalar> {
  /// H.
  public let hiddenSize: Int
  /// h, the output of the step before.
  public let state: UnsafeBufferPointer<Scalar>
  /// What the cell had kept in the step before.
  public let memoryBefore: UnsafeBufferPointer<Scalar>
  /// What it kept in this step.
  public let memory: UnsafeBufferPointer<Scalar>
  /// ∂h′.
  public let outputGradient: UnsafeBufferPointer<Scalar>
  /// The gradient of ``memory`` that comes from the step after; the formula writes that of
  /// ``memoryBefore`` in its place.
  public let memoryGradient: UnsafeMutableBufferPointer<Scalar>
  /// Zeros, to which the formula adds the part of ∂h that does not pass through the sums.
  public let stateGradient: UnsafeMutableBufferPointer<Scalar>
  /// Functions at the speed of the processor's vectors.
  public let functions: CellFunctions<Scalar>

  private let gates: RowVectors<Scalar>
  private let kept: RowVectors<Scalar>
  private let gateGradients: RowVectors<Scalar>
  private let recurrentSumGradients: RowVectors<Scalar>
  private let unitParameters: RowVectors<Scalar>
  private let unitParameterGradients: RowVectors<Scalar>

  /// What the formula has left at a gate.
  ///
  /// - Parameter gate: 0 to G − 1.
  /// - Returns: H numbers.
  public func gate(_ gate: Int) -> UnsafeBufferPointer<Scalar> { UnsafeBufferPointer(gates[gate]) }

  /// What the formula has kept beside.
  ///
  /// - Parameter vector: 0 to ``CustomCell/keptVectorCount`` − 1.
  /// - Returns: H numbers.
  public func kept(_ vector: Int) -> UnsafeBufferPointer<Scalar> { UnsafeBufferPointer(kept[vector]) }

  /// Where the formula writes ∂a_g.
  ///
  /// - Parameter gate: 0 to G − 1.
  /// - Returns: H numbers.
  public func gateGradient(_ gate: Int) -> UnsafeMutableBufferPointer<Scalar> { gateGradients[gate] }

  /// Where the formula writes ∂b_g.
  ///
  /// - Parameter gate: 0 to G − 1.
  /// - Returns: H numbers.
  public func recurrentSumGradient(_ gate: Int) -> UnsafeMutableBufferPointer<Scalar> {
    recurrentSumGradients[gate]
  }

  /// A parameter of the units.
  ///
  /// - Parameter parameter: 0 to K − 1.
  /// - Returns: H numbers.
  public func unitParameter(_ parameter: Int) -> UnsafeBufferPointer<Scalar> {
    UnsafeBufferPointer(unitParameters[parameter])
  }

  /// Where the formula writes the row's share of the gradient of a parameter of the units.
  ///
  /// - Parameter parameter: 0 to K − 1.
  /// - Returns: H numbers.
  public func unitParameterGradient(_ parameter: Int) -> UnsafeMutableBufferPointer<Scalar> {
    unitParameterGradients[parameter]
  }

  init(
    _ step: CellStepGradient<Scalar>, _ other: CustomStep<Scalar>, row: Int, _ sizes: CustomCellSizes,
    hiddenSize: Int, _ unitParameters: UnsafeBufferPointer<Scalar>, _ functions: CellFunctions<Scalar>
  ) {
    guard let recurrentSumGradients = step.hiddenProjectionGradients, let unitGradients = other.unitGradients
    else { preconditionFailure("a step without a separate hidden projection") }
    self.hiddenSize = hiddenSize
    self.functions = functions
    state = UnsafeBufferPointer(step.state.row(row, count: hiddenSize))
    memoryBefore = UnsafeBufferPointer(step.cellStateBefore.row(row, count: hiddenSize))
    memory = UnsafeBufferPointer(step.cellState.row(row, count: hiddenSize))
    memoryGradient = step.cellStateGradient.row(row, count: hiddenSize)
    stateGradient = step.stateGradient.row(row, count: hiddenSize)
    let outputGradient = step.outputGradient.row(row, count: hiddenSize)
    for unit in 0..<hiddenSize {
      outputGradient[unit] += stateGradient[unit]
      stateGradient[unit] = 0
    }
    self.outputGradient = UnsafeBufferPointer(outputGradient)
    gates = RowVectors(step.gates, row, sizes.gateCount, hiddenSize)
    kept = RowVectors(other.kept, row, sizes.keptVectorCount, hiddenSize)
    gateGradients = RowVectors(step.preActivationGradients, row, sizes.gateCount, hiddenSize)
    self.recurrentSumGradients = RowVectors(recurrentSumGradients, row, sizes.gateCount, hiddenSize)
    self.unitParameters = RowVectors(unitParameters, sizes.unitParameterCount, hiddenSize)
    unitParameterGradients = RowVectors(unitGradients, row, sizes.unitParameterCount, hiddenSize)
  }
}

/// Element-wise functions at the speed of the processor's vectors, within 4 units in the last
/// place.
public struct CellFunctions<Scalar: TensorScalar>: Sendable {
  let kernels: KernelTable<Scalar>

  /// Replaces every element by its hyperbolic tangent.
  public func tanh(_ buffer: UnsafeMutableBufferPointer<Scalar>) { apply(.hyperbolicTangent, buffer) }

  /// Replaces every element by its logistic function, 1 / (1 + e⁻ˣ).
  public func sigmoid(_ buffer: UnsafeMutableBufferPointer<Scalar>) { apply(.sigmoid, buffer) }

  private func apply(_ function: Activation, _ buffer: UnsafeMutableBufferPointer<Scalar>) {
    guard let base = buffer.baseAddress else { return }
    kernels.activate(function, base, buffer.count)
  }
}

/// Some vectors of a row, one after the other.
private struct RowVectors<Scalar> {
  let base: UnsafeMutablePointer<Scalar>?
  let count: Int
  let size: Int

  init(_ rows: UnitRows<Scalar>, _ row: Int, _ count: Int, _ size: Int) {
    base = rows.base + row * rows.stride
    (self.count, self.size) = (count, size)
  }

  /// Vectors that all rows share, which are only read.
  init(_ vectors: UnsafeBufferPointer<Scalar>, _ count: Int, _ size: Int) {
    base = UnsafeMutablePointer(mutating: vectors.baseAddress)
    (self.count, self.size) = (count, size)
  }

  subscript(index: Int) -> UnsafeMutableBufferPointer<Scalar> {
    precondition((0..<count).contains(index), "a row has \(count) of these, number \(index) is none of them")
    return UnsafeMutableBufferPointer(start: base.map { $0 + index * size }, count: size)
  }
}

extension UnitRows {
  fileprivate func row(_ row: Int, count: Int) -> UnsafeMutableBufferPointer<Scalar> {
    UnsafeMutableBufferPointer(start: base + row * stride, count: count)
  }
}
