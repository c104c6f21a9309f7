import CellKernels
import VectorKernels

// Steps of cells with gates, forward and back, and the sums that carry gradients on from there.

/// Steps of every cell and number of units up to some blocks.
func cellCases<Scalar: Number>(_ kernels: KernelTable<Scalar>, _ table: CellTable<Scalar>) {
  var generator = Generator(seed: 8)
  for cell in table.cells {
    for units in Array(1...40) + [48, 63, 64, 65, 100] {
      for rows in [1, 2, 3] {
        for values in [Values.uniform(exponent: 3), .special(oneIn: 30)] {
          for isShared in [false, true] {
            let step = CellCase(
              cell, rows: rows, units: units, values, isShared: isShared, table.unitBlocks, &generator)
            step.run(kernels, &generator)
          }
        }
      }
    }
  }
}

/// A step of some rows.
private struct CellCase<Scalar: Number> {
  let kernels: CellKernels<Scalar>
  var cell: GatedCell { kernels.cell }
  let rows: Int
  let units: Int
  let values: Values
  /// Whether a memory takes the place of the one before; in the backward pass, whether nothing comes
  /// from the output itself.
  let isShared: Bool
  /// The columns of a row of sums.
  let width: Int
  private let blocks: UnitBlocks

  private let gates: Memory<Scalar>
  private let hiddenProjection: Memory<Scalar>
  private let state: Memory<Scalar>
  private let memory: Memory<Scalar>
  private let output: Memory<Scalar>
  private let name: String

  init(
    _ kernels: CellKernels<Scalar>, rows: Int, units: Int, _ values: Values, isShared: Bool,
    _ blocks: UnitBlocks, _ generator: inout Generator
  ) {
    (self.kernels, self.rows, self.units, self.values) = (kernels, rows, units, values)
    self.isShared = isShared
    self.blocks = blocks
    width = blocks.padded(units) * kernels.cell.gateCount
    gates = Memory(count: rows * width)
    hiddenProjection = Memory(count: rows * width)
    state = Memory(count: rows * units, values, &generator)
    memory = Memory(count: rows * units, values, &generator)
    output = Memory(count: rows * units)
    let kind = if case .special = values { " special" } else { "" }
    name = "\(kernels.cell.name) units \(units) rows \(rows)\(kind)"
    fillSums(gates, &generator)
    fillSums(hiddenProjection, &generator)
  }

  /// Random sums for the units; those that fill a block are zeros, as the weights there are.
  private func fillSums(_ sums: Memory<Scalar>, _ generator: inout Generator) {
    for row in 0..<rows {
      for gate in 0..<cell.gateCount {
        for unit in 0..<units {
          sums.base[row * width + column(gate: gate, unit: unit)] = values.next(&generator)
        }
      }
    }
  }

  /// Where a gate of a unit stands in a row.
  private func column(gate: Int, unit: Int) -> Int {
    let start = blocks.start(of: unit)
    return start * cell.gateCount + gate * blocks.length(from: start, units: units) + unit - start
  }

  private func unitRows(_ memory: Memory<Scalar>) -> UnitRows<Scalar> {
    UnitRows(memory.base, stride: units)
  }

  private func sumRows(_ memory: Memory<Scalar>) -> UnitRows<Scalar> { UnitRows(memory.base, stride: width) }

  /// Goes forward and back, and reports what has been written.
  func run(
    _ products: KernelTable<Scalar>, _ generator: inout Generator
  ) {
    let before = Memory<Scalar>(count: rows * units)
    before.base.update(from: memory.base, count: rows * units)
    let isApart = cell.separatesHiddenProjection
    kernels.forward(
      CellStep(
        rows: rows, units: units, gates: sumRows(gates),
        hiddenProjection: isApart ? sumRows(hiddenProjection) : nil, state: unitRows(state),
        cellStateBefore: unitRows(isShared ? memory : before), cellState: unitRows(memory),
        output: unitRows(output)))
    report("\(isShared ? " memory in place" : "") forward", [gates, memory, output])

    let outputGradient = Memory<Scalar>(count: rows * units, values, &generator)
    let memoryGradient = Memory<Scalar>(count: rows * units, values, &generator)
    let stateGradient = Memory<Scalar>(count: rows * units, values, &generator)
    let (sums, apart) = (
      Memory<Scalar>(count: rows * width, filledWith: .nan), Memory<Scalar>(count: rows * width)
    )
    let zeros = Memory<Scalar>(count: units)
    kernels.backward(
      CellStepGradient(
        rows: rows, units: units, gates: sumRows(gates), state: unitRows(state),
        cellStateBefore: unitRows(before), cellState: unitRows(memory),
        outputGradient: isShared ? UnitRows(zeros.base, stride: 0) : unitRows(outputGradient),
        cellStateGradient: unitRows(memoryGradient), preActivationGradients: sumRows(sums),
        hiddenProjectionGradients: isApart && !isShared ? sumRows(apart) : nil,
        stateGradient: unitRows(stateGradient)))
    report("\(isShared ? " fewer parts" : "") backward", [sums, apart, memoryGradient, stateGradient])
    carryOn(isApart && !isShared ? apart : sums, to: stateGradient, products, &generator)
  }

  /// The gradients of the states before: a product over all columns of a row of sums.
  private func carryOn(
    _ sums: Memory<Scalar>, to target: Memory<Scalar>, _ kernels: KernelTable<Scalar>,
    _ generator: inout Generator
  ) {
    let matrix = Memory<Scalar>(count: units * width)
    for gate in 0..<cell.gateCount {
      for unit in 0..<units {
        for column in 0..<units {
          matrix.base[column * width + self.column(gate: gate, unit: unit)] = generator.uniform(exponent: -2)
        }
      }
    }
    let panels = Panels(matrix.base, columns: units, depth: width, kernels)
    var product = Product(
      rows: rows, columns: units, depth: width, a: sums.base, aLayout: RowLayout(rowStride: width),
      panels: panels.memory.base, start: nil, c: target.base, cLayout: RowLayout(rowStride: units),
      activation: .identity)
    product.accumulators = latencyBoundAccumulators(depth: width)
    kernels.multiply(product)
    report("\(isShared ? " fewer parts" : "") carried", [target])
  }

  private func report(_ what: String, _ memories: [Memory<Scalar>]) {
    var digest = Digest()
    for memory in memories { digest.add(memory) }
    printCase("\(name)\(what)", digest, Scalar.self)
  }
}
