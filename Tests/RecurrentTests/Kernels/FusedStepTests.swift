import CellKernels
import RecurrentTestSupport
import Testing
import VectorKernels

@testable import Recurrent

/// The kernel that computes a step of one row with its products.
@Suite struct FusedStepTests {
  @Test(
    "a fused step has the bits of the products and the formula one after the other, whatever its sizes",
    arguments: InstructionSet.available, ProblemDescriptor.ScalarKind.allCases)
  func bits(instructions: InstructionSet, scalar: ProblemDescriptor.ScalarKind) {
    switch scalar {
    case .float: check(instructions.kernels.float, instructions.kernels.floatCells, instructions)
    case .double: check(instructions.kernels.double, instructions.kernels.doubleCells, instructions)
    }
  }

  private func check<Scalar: TensorScalar>(
    _ products: KernelTable<Scalar>, _ cells: CellTable<Scalar>, _ instructions: InstructionSet
  ) {
    var generator = SeededGenerator(seed: 19)
    for cell in cells.cells {
      for units in Array(1...40) + [48, 63, 64, 65, 100, 129, 140] {
        for inputs in [0, 1, Int.random(in: 2...40, using: &generator)] {
          let problem = FusedCase<Scalar>(
            cell, products, cells.unitBlocks, units: units, inputs: inputs, &generator)
          for (startsAtEnd, savesGates) in [(false, true), (true, false)] {
            let expected = problem.stepped(savesGates: savesGates)
            let actual = problem.fused(startsAtEnd: startsAtEnd, savesGates: savesGates)
            #expect(
              actual == expected,
              "\(instructions) \(Scalar.self) \(cell.cell.name), \(units) units, \(inputs) inputs")
          }
        }
      }
    }
  }
}

/// What a step of one row reads, and the bits that it writes.
private struct FusedCase<Scalar: TensorScalar> {
  struct Written: Equatable {
    var gates: [Scalar]
    var cellState: [Scalar]
    var output: [Scalar]
  }

  let kernels: CellKernels<Scalar>
  let products: KernelTable<Scalar>
  let units: Int
  let inputs: Int
  /// The columns of the gates.
  let width: Int
  let (x, h, cellStateBefore): ([Scalar], [Scalar], [Scalar])
  /// What the pre-activations and the hidden projection start from, and W_ih and W_hh in panels.
  let (start, hiddenStart, inputPanels, recurrentPanels): ([Scalar], [Scalar], [Scalar], [Scalar])

  init(
    _ kernels: CellKernels<Scalar>, _ products: KernelTable<Scalar>, _ blocks: UnitBlocks, units: Int,
    inputs: Int, _ generator: inout SeededGenerator
  ) {
    (self.kernels, self.products, self.units, self.inputs) = (kernels, products, units, inputs)
    let gateCount = kernels.cell.gateCount
    let width = blocks.padded(units) * gateCount
    self.width = width
    func uniform(_ count: Int) -> [Scalar] {
      Tensor<Scalar>.uniform([count], in: -1...1, using: &generator).scalars
    }
    // An array without elements has no address.
    (x, h, cellStateBefore) = (uniform(inputs + 1), uniform(units), uniform(units))
    // Places of no unit are zeros.
    let isUnit = (0..<width).map { column in
      let first = column / (blocks.length * gateCount) * blocks.length
      let length = blocks.length(from: first, units: units)
      return first + (column - first * gateCount) % length < units
    }
    func columns(_ depth: Int) -> [Scalar] {
      let values = uniform(width * depth)
      return values.indices.map { isUnit[$0 / max(1, depth)] ? values[$0] : 0 }
    }
    let paddedWidth = (width + products.panelWidth - 1) / products.panelWidth * products.panelWidth
    func packed(_ depth: Int) -> [Scalar] {
      var panels = [Scalar](repeating: 0, count: paddedWidth * depth + 1)
      (columns(depth) + [0]).withUnsafeBufferPointer { weights in
        panels.withUnsafeMutableBufferPointer { panels in
          guard let source = weights.baseAddress, let target = panels.baseAddress else { return }
          products.pack(
            PackingSource(base: source, columns: width, depth: depth, columnStride: depth, depthStride: 1),
            target)
        }
      }
      return panels
    }
    let padding = [Scalar](repeating: 0, count: paddedWidth - width)
    (start, hiddenStart) = (columns(1) + padding, columns(1) + padding)
    (inputPanels, recurrentPanels) = (packed(inputs), packed(units))
  }

  private var accumulators: SplitAccumulators {
    SplitAccumulators(count: SummationOrder.accumulators(ofDepth: units), of: units)
  }

  /// By the products and the formula.
  func stepped(savesGates: Bool) -> Written {
    let separates = kernels.cell.separatesHiddenProjection
    var gates = [Scalar](repeating: 0, count: width)
    multiply(x, inputPanels, depth: inputs, .one, from: start, into: &gates)
    var hiddenProjection = gates
    if separates {
      multiply(h, recurrentPanels, depth: units, accumulators, from: hiddenStart, into: &hiddenProjection)
    } else {
      multiply(h, recurrentPanels, depth: units, accumulators, from: nil, into: &gates)
    }
    var (state, cellState) = (h, cellStateBefore)
    var output = [Scalar](repeating: 0, count: units)
    gates.withUnsafeMutableBufferPointer { gates in
      hiddenProjection.withUnsafeMutableBufferPointer { hiddenProjection in
        state.withUnsafeMutableBufferPointer { state in
          cellState.withUnsafeMutableBufferPointer { cellState in
            output.withUnsafeMutableBufferPointer { output in
              func rows(_ buffer: UnsafeMutableBufferPointer<Scalar>) -> UnitRows<Scalar> {
                UnitRows(buffer.baseAddress!, stride: buffer.count)
              }
              kernels.forward(
                CellStep(
                  rows: 1, units: units, gates: rows(gates),
                  hiddenProjection: separates ? rows(hiddenProjection) : nil, state: rows(state),
                  cellStateBefore: rows(cellState), cellState: rows(cellState), output: rows(output)))
            }
          }
        }
      }
    }
    return Written(gates: savesGates ? gates : [], cellState: cellState, output: output)
  }

  private func multiply(
    _ row: [Scalar], _ panels: [Scalar], depth: Int, _ accumulators: SplitAccumulators, from start: [Scalar]?,
    into target: inout [Scalar]
  ) {
    row.withUnsafeBufferPointer { row in
      panels.withUnsafeBufferPointer { panels in
        (start ?? []).withUnsafeBufferPointer { starts in
          target.withUnsafeMutableBufferPointer { target in
            var product = Product(
              rows: 1, columns: width, depth: depth, a: row.baseAddress!,
              aLayout: RowLayout(rowStride: depth), panels: panels.baseAddress!,
              start: start == nil ? nil : starts.baseAddress,
              c: target.baseAddress!, cLayout: RowLayout(rowStride: width), activation: .identity)
            product.accumulators = accumulators
            products.multiply(product)
          }
        }
      }
    }
  }

  /// By the fused kernel, which finds `NaN` wherever it must not read.
  func fused(startsAtEnd: Bool, savesGates: Bool) -> Written {
    var gates = [Scalar](repeating: .nan, count: width)
    var cellState = cellStateBefore
    var output = [Scalar](repeating: .nan, count: units)
    x.withUnsafeBufferPointer { x in
      h.withUnsafeBufferPointer { h in
        start.withUnsafeBufferPointer { start in
          hiddenStart.withUnsafeBufferPointer { hiddenStart in
            inputPanels.withUnsafeBufferPointer { inputPanels in
              recurrentPanels.withUnsafeBufferPointer { recurrentPanels in
                gates.withUnsafeMutableBufferPointer { gates in
                  cellState.withUnsafeMutableBufferPointer { cellState in
                    output.withUnsafeMutableBufferPointer { output in
                      let step = FusedStep(
                        weights: FusedStep.Weights(
                          units: units, start: start.baseAddress!, inputPanels: inputPanels.baseAddress!,
                          inputDepth: inputs, recurrentPanels: recurrentPanels.baseAddress!,
                          recurrentDepth: units, accumulators: accumulators,
                          hiddenStart: hiddenStart.baseAddress!),
                        input: x.baseAddress!, previous: h.baseAddress!, state: h.baseAddress!,
                        cellStateBefore: UnsafePointer(cellState.baseAddress!),
                        cellState: cellState.baseAddress!, output: output.baseAddress!,
                        gates: savesGates ? gates.baseAddress : nil, startsAtEnd: startsAtEnd)
                      withUnsafePointer(to: step) { kernels.fused($0) }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return Written(gates: savesGates ? gates : [], cellState: cellState, output: output)
  }
}
