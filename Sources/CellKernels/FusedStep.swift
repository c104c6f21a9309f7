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
    /// What the hidden projection starts from, for cells that take it apart.
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
  /// The cell state before the step and after it; both may be the same.
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

/// Computes one step of one row.
@inlinable @inline(__always)
public func stepRow<Formula: CellFormula, L: Lanes, let tileRows: Int, let panelVectors: Int>(
  _: Formula.Type, _ step: UnsafePointer<FusedStep<L.Scalar>>, lanes: L.Type,
  tiling: Tiling<tileRows, panelVectors>
) {
  let row = FusedRow<Formula, L, panelVectors>(step)
  let length = L.unitBlocks.length
  let units = step.pointee.weights.units
  let places = L.places(of: units)
  let blocks = (places &+ length &- 1) / length
  for index in 0..<blocks {
    let first = (step.pointee.startsAtEnd ? blocks &- 1 &- index : index) &* length
    if first &+ length <= units {
      row.computeBlock(from: first)
    } else {
      row.computeRest(from: first, upTo: places)
    }
  }
}

@usableFromInline
struct FusedRow<Formula: CellFormula, L: Lanes, let panelVectors: Int> {
  /// Where the step stands: to copy it would wait for all that has just been written of it.
  @usableFromInline let step: UnsafePointer<FusedStep<L.Scalar>>

  @inlinable @inline(__always)
  init(_ step: UnsafePointer<FusedStep<L.Scalar>>) { self.step = step }

  /// A whole block, two vectors at a time where it has them: with the gates of two, there are enough
  /// sums to keep the multiply-adds busy.
  @inlinable @inline(__always)
  func computeBlock(from first: Int) {
    let place = UnitPlace<L>(block: first, gateCount: Formula.gateCount)
    let vectors = L.unitBlocks.length / L.count
    if vectors.isMultiple(of: 2) {
      for pair in 0..<vectors / 2 {
        compute(
          from: first &+ 2 &* pair &* L.count, place.offset &+ 2 &* pair &* L.count, Constant<2>(), place)
      }
    } else {
      for vector in 0..<vectors {
        compute(from: first &+ vector &* L.count, place.offset &+ vector &* L.count, Constant<1>(), place)
      }
    }
  }

  /// The last block, where it is not whole.
  @inlinable @inline(never)
  func computeRest(from first: Int, upTo places: Int) {
    var first = first
    while first < places {
      let place = UnitPlace<L>(unit: first, of: step.pointee.weights.units, gateCount: Formula.gateCount)
      compute(from: first, place.offset, Constant<1>(), place)
      first &+= L.count
    }
  }

  /// Computes some vectors of units, whose first gate stands at a column.
  @inlinable @inline(__always)
  func compute<let vectors: Int>(
    from first: Int, _ column: Int, _ width: Constant<vectors>, _ place: UnitPlace<L>
  ) {
    let count = vectors > 1 ? L.count : max(0, min(L.count, step.pointee.weights.units &- first))
    let columns = GateColumns<Formula, L, vectors, panelVectors>(column, place, count)
    var gates = columns.starts(in: step.pointee.weights.start)
    columns.addInOrder(
      FusedTerms(
        row: step.pointee.input, panels: step.pointee.weights.inputPanels,
        depth: step.pointee.weights.inputDepth, accumulators: .one),
      to: &gates)
    let recurrent = FusedTerms(
      row: step.pointee.previous, panels: step.pointee.weights.recurrentPanels,
      depth: step.pointee.weights.recurrentDepth, accumulators: step.pointee.weights.accumulators)
    var hiddenProjection = gates
    if Formula.separatesHiddenProjection {
      hiddenProjection = columns.starts(in: step.pointee.weights.hiddenStart)
      columns.add(recurrent, to: &hiddenProjection)
    } else {
      columns.add(recurrent, to: &gates)
    }
    for vector in 0..<vectors {
      let first = first &+ vector &* L.count
      var unit = CellUnit<L>()
      for gate in 0..<Formula.gateCount {
        unit.gates[gate] = gates[gate][vector]
        unit.hiddenProjection[gate] = hiddenProjection[gate][vector]
      }
      unit.state = L.load(step.pointee.state + first, upTo: count)
      unit.cellState = L.load(step.pointee.cellStateBefore + first, upTo: count)
      Formula.forward(&unit)
      if let target = step.pointee.gates {
        for gate in 0..<Formula.gateCount {
          place.store(
            unit.gates[gate], target + (column &+ vector &* L.count), gate, upTo: count)
        }
      }
      L.store(unit.cellState, step.pointee.cellState + first, upTo: count)
      L.store(unit.output, step.pointee.output + first, upTo: count)
    }
  }
}

/// The columns of all gates of some vectors of units, which stand side by side.
@usableFromInline
struct GateColumns<Formula: CellFormula, L: Lanes, let vectors: Int, let panelVectors: Int> {
  @usableFromInline typealias Sums = InlineArray<4, InlineArray<vectors, L.Vector>>

  /// The column of the first gate.
  @usableFromInline let first: Int
  @usableFromInline let place: UnitPlace<L>
  /// The units of a vector.
  @usableFromInline let count: Int

  @inlinable @inline(__always)
  init(_ first: Int, _ place: UnitPlace<L>, _ count: Int) {
    self.first = first
    self.place = place
    self.count = count
  }

  /// Zeros.
  @inlinable @inline(__always)
  static var zeros: Sums { Sums(repeating: InlineArray(repeating: L.broadcast(0))) }

  /// What the sums of a row start from.
  @inlinable @inline(__always)
  func starts(in row: UnsafePointer<L.Scalar>) -> Sums {
    var sums = Self.zeros
    for gate in 0..<Formula.gateCount {
      for vector in 0..<vectors {
        sums[gate][vector] = load(row + (first &+ gate &* place.gateStride &+ vector &* L.count))
      }
    }
    return sums
  }

  /// Loads the columns of a vector, and none beyond its block.
  @inlinable @inline(__always)
  func load(_ source: UnsafePointer<L.Scalar>) -> L.Vector {
    L.count <= L.unitBlocks.granularity || place.gateStride >= L.count
      ? L.load(source) : L.load(source, count: place.gateStride)
  }

  /// Adds a product's terms, in as many accumulators as it has; two at once where there are few
  /// sums.
  @inlinable @inline(__always)
  func add(_ terms: FusedTerms<L.Scalar>, to sums: inout Sums) {
    let depth = min(terms.depth, terms.accumulators.depth)
    let last = terms.accumulators.count &- 1
    let rest = terms.depth &- terms.accumulators.count &* depth
    if vectors == 1 && terms.accumulators.count >= 2 {
      var accumulator = 0
      while accumulator <= last {
        var both = InlineArray<2, Sums>(repeating: Self.zeros)
        if accumulator == 0 { both[0] = sums }
        add(terms, from: accumulator &* depth, depth, to: &both)
        if accumulator &+ 1 == last { addInOrder(terms, from: (last &+ 1) &* depth, rest, to: &both[1]) }
        if accumulator == 0 { sums = both[0] } else { add(both[0], to: &sums) }
        add(both[1], to: &sums)
        accumulator &+= 2
      }
    } else {
      addInOrder(terms, from: 0, last == 0 ? terms.depth : depth, to: &sums)
      var accumulator = 1
      while accumulator <= last {
        var others = Self.zeros
        addInOrder(terms, from: accumulator &* depth, accumulator == last ? depth &+ rest : depth, to: &others)
        add(others, to: &sums)
        accumulator &+= 1
      }
    }
  }

  /// Adds all terms, or some from one on, to one accumulator.
  @inlinable @inline(__always)
  func addInOrder(
    _ terms: FusedTerms<L.Scalar>, from start: Int = 0, _ depth: Int? = nil, to sums: inout Sums
  ) {
    var one = InlineArray<1, Sums>(repeating: sums)
    add(terms, from: start, depth ?? terms.depth, to: &one)
    sums = one[0]
  }

  @inlinable @inline(__always)
  func add(_ others: Sums, to sums: inout Sums) {
    for gate in 0..<Formula.gateCount {
      for vector in 0..<vectors { sums[gate][vector] = L.add(sums[gate][vector], others[gate][vector]) }
    }
  }

  /// Adds `count` terms to each of some accumulators, whose terms follow each other.
  @inlinable @inline(__always)
  func add<let accumulators: Int>(
    _ terms: FusedTerms<L.Scalar>, from start: Int, _ depth: Int,
    to sums: inout InlineArray<accumulators, Sums>
  ) {
    let width = panelVectors &* L.count
    var weights = InlineArray<4, UnsafePointer<L.Scalar>>(repeating: terms.panels)
    for gate in 0..<Formula.gateCount {
      let column = first &+ gate &* place.gateStride
      weights[gate] =
        terms.panels + (column / width &* width &* terms.depth &+ start &* width &+ column % width)
    }
    let row = terms.row + start
    var k = 0
    while k < depth {
      for accumulator in 0..<accumulators {
        let term = accumulator &* depth &+ k
        let input = L.broadcast(row[term])
        for gate in 0..<Formula.gateCount {
          for vector in 0..<vectors {
            sums[accumulator][gate][vector] = L.multiplyAdd(
              input, load(weights[gate] + (term &* width &+ vector &* L.count)),
              sums[accumulator][gate][vector])
          }
        }
      }
      k &+= 1
    }
  }
}
