import VectorKernels

/// A row of a step.
@usableFromInline
struct CellRow<L: Lanes> {
  @usableFromInline let units: Int
  @usableFromInline let gates: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let hiddenProjection: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let state: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let cellStateBefore: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let cellState: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let output: UnsafeMutablePointer<L.Scalar>

  @inlinable @inline(__always)
  init(_ step: CellStep<L.Scalar>, row: Int) {
    units = step.units
    gates = step.gates.row(row)
    hiddenProjection = step.hiddenProjection?.row(row) ?? gates
    state = step.state.row(row)
    cellStateBefore = step.cellStateBefore.row(row)
    cellState = step.cellState.row(row)
    output = step.output.row(row)
  }

  /// Computes `count` units, at most a vector. All pre-activations of the gates' vectors are
  /// computed.
  @inlinable @inline(__always)
  func step<Formula: CellFormula>(_: Formula.Type, from first: Int, count: Int) {
    let place = UnitPlace<L>(unit: first, of: units, gateCount: Formula.gateCount)
    let (gates, sums) = (gates + place.offset, hiddenProjection + place.offset)
    var unit = CellUnit<L>()
    for gate in 0..<Formula.gateCount {
      unit.gates[gate] = place.load(gates, gate, upTo: count)
      unit.hiddenProjection[gate] = place.load(sums, gate, upTo: count)
    }
    unit.state = L.load(state + first, upTo: count)
    unit.cellState = L.load(cellStateBefore + first, upTo: count)
    Formula.forward(&unit)
    for gate in 0..<Formula.gateCount {
      place.store(unit.gates[gate], gates, gate, upTo: count)
    }
    L.store(unit.cellState, cellState + first, upTo: count)
    L.store(unit.output, output + first, upTo: count)
  }

  /// The same for what is left of a row, less than a vector, and for the vectors that fill the last
  /// block.
  @inlinable @inline(never)
  func stepRest<Formula: CellFormula>(_: Formula.Type, from first: Int) {
    step(Formula.self, from: first, count: units &- first)
    guard L.count < L.unitBlocks.granularity else { return }
    var first = first &+ L.count
    while first < L.places(of: units) {
      step(Formula.self, from: first, count: 0)
      first &+= L.count
    }
  }
}

/// A row of a step back.
@usableFromInline
struct CellRowGradient<L: Lanes> {
  @usableFromInline let units: Int
  @usableFromInline let gates: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let state: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let cellStateBefore: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let cellState: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let outputGradient: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let cellStateGradient: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let preActivationGradients: UnsafeMutablePointer<L.Scalar>
  @usableFromInline let hiddenProjectionGradients: UnsafeMutablePointer<L.Scalar>?
  @usableFromInline let stateGradient: UnsafeMutablePointer<L.Scalar>

  @inlinable @inline(__always)
  init(_ step: CellStepGradient<L.Scalar>, row: Int) {
    units = step.units
    gates = step.gates.row(row)
    state = step.state.row(row)
    cellStateBefore = step.cellStateBefore.row(row)
    cellState = step.cellState.row(row)
    outputGradient = step.outputGradient.row(row)
    cellStateGradient = step.cellStateGradient.row(row)
    preActivationGradients = step.preActivationGradients.row(row)
    hiddenProjectionGradients = step.hiddenProjectionGradients?.row(row)
    stateGradient = step.stateGradient.row(row)
  }

  /// Carries the gradients back through `count` units, at most a vector. Those of all
  /// pre-activations of the gates' vectors are computed.
  @inlinable @inline(__always)
  func step<Formula: CellFormula>(_: Formula.Type, from first: Int, count: Int) {
    let place = UnitPlace<L>(unit: first, of: units, gateCount: Formula.gateCount)
    let (gates, gradients) = (gates + place.offset, preActivationGradients + place.offset)
    var unit = CellUnitGradient<L>()
    for gate in 0..<Formula.gateCount {
      unit.gates[gate] = place.load(gates, gate, upTo: count)
    }
    unit.state = L.load(state + first, upTo: count)
    unit.cellStateBefore = L.load(cellStateBefore + first, upTo: count)
    unit.cellState = L.load(cellState + first, upTo: count)
    unit.outputGradient = L.add(
      L.load(outputGradient + first, upTo: count), L.load(stateGradient + first, upTo: count))
    unit.cellStateGradient = L.load(cellStateGradient + first, upTo: count)
    unit.stateGradient = L.broadcast(0)
    Formula.backward(&unit)
    for gate in 0..<Formula.gateCount {
      place.store(unit.preActivationGradients[gate], gradients, gate, upTo: count)
    }
    if let hiddenProjectionGradients {
      let gradients = hiddenProjectionGradients + place.offset
      for gate in 0..<Formula.gateCount {
        place.store(unit.hiddenProjectionGradients[gate], gradients, gate, upTo: count)
      }
    }
    L.store(unit.cellStateGradient, cellStateGradient + first, upTo: count)
    L.store(unit.stateGradient, stateGradient + first, upTo: count)
  }

  /// The same for what is left of a row, less than a vector, and for the vectors that fill the last
  /// block.
  @inlinable @inline(never)
  func stepRest<Formula: CellFormula>(_: Formula.Type, from first: Int) {
    step(Formula.self, from: first, count: units &- first)
    guard L.count < L.unitBlocks.granularity else { return }
    var first = first &+ L.count
    while first < L.places(of: units) {
      step(Formula.self, from: first, count: 0)
      first &+= L.count
    }
  }
}

/// Where the sums of a vector of units stand in a row.
@usableFromInline
struct UnitPlace<L: Lanes> {
  /// From the row's beginning to the first gate.
  @usableFromInline let offset: Int
  /// From one gate to the next.
  @usableFromInline let gateStride: Int

  @inlinable @inline(__always)
  init(unit: Int, of units: Int, gateCount: Int) {
    let blocks = L.unitBlocks
    let blockStart = blocks.start(of: unit)
    offset = gateCount &* blockStart &+ unit &- blockStart
    gateStride = blocks.length(from: blockStart, units: units)
  }

  /// A whole block.
  @inlinable @inline(__always)
  init(block first: Int, gateCount: Int) {
    offset = gateCount &* first
    gateStride = L.unitBlocks.length
  }

  @inlinable @inline(__always)
  init(offset: Int, gateStride: Int) {
    self.offset = offset
    self.gateStride = gateStride
  }

  /// Units of the same block further on.
  @inlinable @inline(__always)
  func advanced(by units: Int) -> UnitPlace { UnitPlace(offset: offset &+ units, gateStride: gateStride) }

  /// Loads a gate, of which the first `count` sums matter.
  @inlinable @inline(__always)
  func load(_ sums: UnsafePointer<L.Scalar>, _ gate: Int, upTo count: Int) -> L.Vector {
    let gate = sums + gate &* gateStride
    return count == L.count || gateStride >= L.count ? L.load(gate) : L.load(gate, count: gateStride)
  }

  /// Stores a gate, and writes nothing beyond its block.
  @inlinable @inline(__always)
  func store(_ vector: L.Vector, _ sums: UnsafeMutablePointer<L.Scalar>, _ gate: Int, upTo count: Int) {
    let gate = sums + gate &* gateStride
    if count == L.count || gateStride >= L.count {
      L.store(vector, gate)
    } else {
      L.store(vector, gate, count: gateStride)
    }
  }
}

extension Lanes {
  /// Loads `count` scalars, at most a vector; the other lanes are zero.
  @inlinable @inline(__always)
  static func load(_ source: UnsafePointer<Scalar>, upTo count: Int) -> Vector {
    count == Self.count ? load(source) : load(source, count: count)
  }

  /// Stores `count` scalars, at most a vector.
  @inlinable @inline(__always)
  static func store(_ vector: Vector, _ target: UnsafeMutablePointer<Scalar>, upTo count: Int) {
    if count == Self.count {
      store(vector, target)
    } else {
      store(vector, target, count: count)
    }
  }
}
