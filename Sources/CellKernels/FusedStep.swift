import VectorKernels

// One step of one row of a cell with gates, products and all.
//
// Goals, in order:
// 1. The bits that the products and the formula give one after the other: each pre-activation is
//    summed as ``Product`` says, from the input's terms on, in the same accumulators.
// 2. What a unit takes stays in registers: pre-activations are never stored, gates only where the
//    backward pass wants them.
// 3. One call for a step, whatever its sizes.

/// One step of one row.
public struct FusedStep<Scalar> {
  /// What is the same at every step: places of weights, which nobody changes while they are there.
  public struct Weights: @unchecked Sendable {
    /// H, or some of its units, from the first of a block on.
    public var units: Int
    /// What the pre-activations start from: the bias, or, where ``inputDepth`` is 0, the input
    /// projection; laid out as the gates.
    public var start: UnsafePointer<Scalar>
    /// W_ih, packed, from the first unit's first gate on.
    public var inputPanels: UnsafePointer<Scalar>
    /// I, or 0 where the input projection is done.
    public var inputDepth: Int
    /// W_hh, packed, from the first unit's first gate on.
    public var recurrentPanels: UnsafePointer<Scalar>
    /// The features of the state.
    public var recurrentDepth: Int
    /// The parts of the sums over them.
    public var accumulators: SplitAccumulators
    /// What the hidden projection starts from, for cells that separate it.
    public var hiddenStart: UnsafePointer<Scalar>

    @inlinable @inline(__always)
    public init(
      units: Int, start: UnsafePointer<Scalar>, inputPanels: UnsafePointer<Scalar>, inputDepth: Int,
      recurrentPanels: UnsafePointer<Scalar>, recurrentDepth: Int, accumulators: SplitAccumulators,
      hiddenStart: UnsafePointer<Scalar>
    ) {
      self.units = units
      self.start = start
      self.inputPanels = inputPanels
      self.inputDepth = inputDepth
      self.recurrentPanels = recurrentPanels
      self.recurrentDepth = recurrentDepth
      self.accumulators = accumulators
      self.hiddenStart = hiddenStart
    }
  }

  public var weights: Weights
  /// x.
  public var input: UnsafePointer<Scalar>
  /// h, all features.
  public var previous: UnsafePointer<Scalar>
  /// h of the units.
  public var state: UnsafePointer<Scalar>
  /// The cell state before the step and after it; both may be the same memory.
  public var cellStateBefore: UnsafePointer<Scalar>
  public var cellState: UnsafeMutablePointer<Scalar>
  /// h'; it does not overlap h.
  public var output: UnsafeMutablePointer<Scalar>
  /// Where the values of the gates go; `nil` where nobody asks for them.
  public var gates: UnsafeMutablePointer<Scalar>?
  /// Whether the last units are computed first; see ``Product/startsAtEnd``.
  public var startsAtEnd: Bool

  @inlinable @inline(__always)
  public init(
    weights: Weights, input: UnsafePointer<Scalar>, previous: UnsafePointer<Scalar>,
    state: UnsafePointer<Scalar>, cellStateBefore: UnsafePointer<Scalar>,
    cellState: UnsafeMutablePointer<Scalar>, output: UnsafeMutablePointer<Scalar>,
    gates: UnsafeMutablePointer<Scalar>?, startsAtEnd: Bool
  ) {
    self.weights = weights
    self.input = input
    self.previous = previous
    self.state = state
    self.cellStateBefore = cellStateBefore
    self.cellState = cellState
    self.output = output
    self.gates = gates
    self.startsAtEnd = startsAtEnd
  }
}

/// The terms of a row's products: a row, and the weights that it meets.
@usableFromInline
struct FusedTerms<Scalar> {
  /// `[depth]`.
  @usableFromInline let row: UnsafePointer<Scalar>
  /// `[columns, depth]`, packed.
  @usableFromInline let panels: UnsafePointer<Scalar>
  @usableFromInline let depth: Int
  @usableFromInline let accumulators: SplitAccumulators

  @inlinable @inline(__always)
  init(
    row: UnsafePointer<Scalar>, panels: UnsafePointer<Scalar>, depth: Int, accumulators: SplitAccumulators
  ) {
    self.row = row
    self.panels = panels
    self.depth = depth
    self.accumulators = accumulators
  }
}

/// Computes one step of one row: whole blocks in wide vectors, what remains in vectors.
@inlinable @inline(__always)
public func stepRow<Formula: CellFormula, L: Lanes, Wide: Lanes, let tileRows: Int, let panelVectors: Int>(
  _: Formula.Type, _ step: UnsafePointer<FusedStep<L.Scalar>>, lanes: L.Type, wide: Wide.Type,
  tiling: Tiling<tileRows, panelVectors>
) where Wide.Scalar == L.Scalar {
  let blocks = FusedUnits<Formula, Wide>(step, panelWidth: panelVectors &* L.count)
  let rest = FusedUnits<Formula, L>(step, panelWidth: panelVectors &* L.count)
  let length = L.unitBlocks.length
  let units = step.pointee.weights.units
  let places = L.places(of: units)
  let count = (places &+ length &- 1) / length
  for index in 0..<count {
    let first = (step.pointee.startsAtEnd ? count &- 1 &- index : index) &* length
    if first &+ length <= units {
      blocks.computeBlock(from: first)
    } else {
      rest.computeRest(from: first, upTo: places)
    }
  }
}

/// Units of a step, some vectors of them after each other.
@usableFromInline
struct FusedUnits<Formula: CellFormula, L: Lanes> {
  @usableFromInline typealias Sums = InlineArray<4, L.Vector>

  /// Where the step stands: to copy it would wait for all that has just been written of it.
  @usableFromInline let step: UnsafePointer<FusedStep<L.Scalar>>
  /// The columns of a panel.
  @usableFromInline let panelWidth: Int

  @inlinable @inline(__always)
  init(_ step: UnsafePointer<FusedStep<L.Scalar>>, panelWidth: Int) {
    self.step = step
    self.panelWidth = panelWidth
  }

  /// A whole block.
  @inlinable @inline(__always)
  func computeBlock(from first: Int) {
    let place = UnitPlace<L>(block: first, gateCount: Formula.gateCount)
    for vector in 0..<L.unitBlocks.length / L.count {
      compute(from: first &+ vector &* L.count, L.count, place.advanced(by: vector &* L.count))
    }
  }

  /// The last block, where it is not whole.
  @inlinable @inline(never)
  func computeRest(from first: Int, upTo places: Int) {
    let units = step.pointee.weights.units
    var first = first
    while first < places {
      let place = UnitPlace<L>(unit: first, of: units, gateCount: Formula.gateCount)
      if first &+ L.count <= units {
        compute(from: first, L.count, place)
      } else {
        compute(from: first, max(0, units &- first), place)
      }
      first &+= L.count
    }
  }

  /// Computes `count` units, at most a vector.
  @inlinable @inline(__always)
  func compute(from first: Int, _ count: Int, _ place: UnitPlace<L>) {
    var gates = starts(in: step.pointee.weights.start, place)
    addInOrder(
      FusedTerms(
        row: step.pointee.input, panels: step.pointee.weights.inputPanels,
        depth: step.pointee.weights.inputDepth, accumulators: .one),
      place, to: &gates)
    let recurrent = FusedTerms(
      row: step.pointee.previous, panels: step.pointee.weights.recurrentPanels,
      depth: step.pointee.weights.recurrentDepth, accumulators: step.pointee.weights.accumulators)
    var unit = CellUnit<L>()
    if Formula.separatesHiddenProjection {
      unit.hiddenProjection = starts(in: step.pointee.weights.hiddenStart, place)
      add(recurrent, place, to: &unit.hiddenProjection)
    } else {
      add(recurrent, place, to: &gates)
    }
    unit.gates = gates
    unit.state = L.load(step.pointee.state + first, upTo: count)
    unit.cellState = L.load(step.pointee.cellStateBefore + first, upTo: count)
    Formula.forward(&unit)
    if let target = step.pointee.gates {
      for gate in 0..<Formula.gateCount {
        place.store(unit.gates[gate], target + place.offset, gate, upTo: count)
      }
    }
    L.store(unit.cellState, step.pointee.cellState + first, upTo: count)
    L.store(unit.output, step.pointee.output + first, upTo: count)
  }
}

extension FusedUnits {
  @inlinable @inline(__always)
  static var zeros: Sums { Sums(repeating: L.broadcast(0)) }

  /// What the sums of a row start from.
  @inlinable @inline(__always)
  func starts(in row: UnsafePointer<L.Scalar>, _ place: UnitPlace<L>) -> Sums {
    var sums = Self.zeros
    for gate in 0..<Formula.gateCount {
      sums[gate] = load(row + (place.offset &+ gate &* place.gateStride), place)
    }
    return sums
  }

  /// Loads the columns of a gate, and none beyond its block.
  @inlinable @inline(__always)
  func load(_ source: UnsafePointer<L.Scalar>, _ place: UnitPlace<L>) -> L.Vector {
    L.count <= L.unitBlocks.granularity || place.gateStride >= L.count
      ? L.load(source) : L.load(source, count: place.gateStride)
  }

  /// Adds a product's terms, in as many accumulators as it has.
  @inlinable @inline(__always)
  func add(_ terms: FusedTerms<L.Scalar>, _ place: UnitPlace<L>, to sums: inout Sums) {
    let depth = min(terms.depth, terms.accumulators.depth)
    let last = terms.accumulators.count &- 1
    var accumulator = 0
    while accumulator <= last {
      var others = accumulator == 0 ? sums : Self.zeros
      let start = accumulator &* depth
      addInOrder(
        terms, place, from: start, accumulator == last ? terms.depth &- start : depth, to: &others)
      if accumulator == 0 {
        sums = others
      } else {
        for gate in 0..<Formula.gateCount { sums[gate] = L.add(sums[gate], others[gate]) }
      }
      accumulator &+= 1
    }
  }

  /// Adds all terms, or some from one on, to one accumulator.
  @inlinable @inline(__always)
  func addInOrder(
    _ terms: FusedTerms<L.Scalar>, _ place: UnitPlace<L>, from start: Int = 0, _ depth: Int? = nil,
    to sums: inout Sums
  ) {
    var weights = InlineArray<4, UnsafePointer<L.Scalar>>(repeating: terms.panels)
    for gate in 0..<Formula.gateCount {
      let column = place.offset &+ gate &* place.gateStride
      let panel = column / panelWidth &* panelWidth
      weights[gate] = terms.panels + (panel &* terms.depth &+ start &* panelWidth &+ column &- panel)
    }
    let row = terms.row + start
    for k in 0..<(depth ?? terms.depth) {
      let input = L.broadcast(row[k])
      for gate in 0..<Formula.gateCount {
        sums[gate] = L.multiplyAdd(input, load(weights[gate] + k &* panelWidth, place), sums[gate])
      }
    }
  }
}
