import CellKernels
import VectorKernels

// Steps of one row that compute their products too.

/// Steps of every cell and number of units up to some blocks, from an input and from sums that stand
/// there.
func fusedCases<Scalar: Number>(_ products: KernelTable<Scalar>, _ table: CellTable<Scalar>) {
  var generator = Generator(seed: 9)
  for kernels in table.cells {
    for units in Array(1...40) + [48, 63, 64, 65, 100, 129] {
      for inputs in [0, 1, 3, 17] {
        for startsAtEnd in [false, true] {
          fusedCase(
            kernels, products, table.unitBlocks, units: units, inputs: inputs, startsAtEnd: startsAtEnd,
            &generator)
        }
      }
    }
  }
}

private func fusedCase<Scalar: Number>(
  _ kernels: CellKernels<Scalar>, _ products: KernelTable<Scalar>, _ blocks: UnitBlocks, units: Int,
  inputs: Int, startsAtEnd: Bool, _ generator: inout Generator
) {
  let width = blocks.padded(units) * kernels.cell.gateCount
  let values = Values.uniform(exponent: 0)
  let (x, h) = (
    Memory<Scalar>(count: inputs, values, &generator), Memory<Scalar>(count: units, values, &generator)
  )
  let cellState = Memory<Scalar>(count: units, values, &generator)
  let input = Memory<Scalar>(count: width * inputs, values, &generator)
  let recurrent = Memory<Scalar>(count: width * units, values, &generator)
  let inputPanels = Panels(input.base, columns: width, depth: inputs, products)
  let recurrentPanels = Panels(recurrent.base, columns: width, depth: units, products)
  let start = Memory<Scalar>(count: recurrentPanels.padded, values, &generator)
  let hiddenStart = Memory<Scalar>(count: recurrentPanels.padded, values, &generator)
  let (gates, output) = (Memory<Scalar>(count: width), Memory<Scalar>(count: units))
  let step = FusedStep(
    weights: FusedStep.Weights(
      units: units, start: start.base, inputPanels: inputPanels.memory.base, inputDepth: inputs,
      recurrentPanels: recurrentPanels.memory.base, recurrentDepth: units,
      accumulators: latencyBoundAccumulators(depth: units), hiddenStart: hiddenStart.base),
    input: x.base, previous: h.base, state: h.base, cellStateBefore: cellState.base,
    cellState: cellState.base, output: output.base, gates: gates.base, startsAtEnd: startsAtEnd)
  withUnsafePointer(to: step) { kernels.fused($0) }
  var digest = Digest()
  for memory in [gates, cellState, output] { digest.add(memory) }
  printCase(
    "\(kernels.cell.name) units \(units) inputs \(inputs)\(startsAtEnd ? " from the end" : "") fused", digest,
    Scalar.self)
}
