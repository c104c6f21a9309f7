import VectorKernels

// One step of a cell with gates, after its products.
//
// The sums of the gates are laid out so that a formula finds all gates of some units together: [rows, blocks of units,
// gates, units of a block], whole blocks only. A vector has one block or two. States and memories are plain rows [rows, units].

/// Rows that somebody else owns, at a constant distance.
public struct UnitRows<Scalar> {
  public var base: UnsafeMutablePointer<Scalar>
  public var stride: Int

  @inlinable
  public init(_ base: UnsafeMutablePointer<Scalar>, stride: Int) {
    self.base = base
    self.stride = stride
  }
}

/// One step forward.
public struct CellStep<Scalar> {
  public var rows: Int
  /// H, or some of its units, from the first of a block on.
  public var units: Int
  /// The sums of the gates; afterwards their values.
  public var gates: UnitRows<Scalar>
  /// The sums of the state, laid out as the gates, for cells that take them apart.
  public var recurrentSums: UnitRows<Scalar>?
  /// h.
  public var state: UnitRows<Scalar>
  /// The memory before the step and after it; both may be the same.
  public var memoryBefore: UnitRows<Scalar>
  public var memory: UnitRows<Scalar>
  /// h'.
  public var output: UnitRows<Scalar>

  @inlinable
  public init(
    rows: Int, units: Int, gates: UnitRows<Scalar>, recurrentSums: UnitRows<Scalar>?,
    state: UnitRows<Scalar>, memoryBefore: UnitRows<Scalar>, memory: UnitRows<Scalar>,
    output: UnitRows<Scalar>
  ) {
    self.rows = rows
    self.units = units
    self.gates = gates
    self.recurrentSums = recurrentSums
    self.state = state
    self.memoryBefore = memoryBefore
    self.memory = memory
    self.output = output
  }
}

/// One step back.
public struct CellStepGradient<Scalar> {
  public var rows: Int
  public var units: Int
  /// The values of the gates.
  public var gates: UnitRows<Scalar>
  /// h.
  public var state: UnitRows<Scalar>
  public var memoryBefore: UnitRows<Scalar>
  public var memory: UnitRows<Scalar>
  /// The part of ∂h' that does not come from the step after.
  public var outputGradient: UnitRows<Scalar>
  /// That of the memory of this step; afterwards that of the step before.
  public var memoryGradient: UnitRows<Scalar>
  /// Where the gradients of the sums go, laid out as the gates.
  public var sumGradients: UnitRows<Scalar>
  /// Where those of the sums of the state go, for cells that take them apart.
  public var recurrentSumGradients: UnitRows<Scalar>?
  /// The part of ∂h' that comes from the step after; afterwards the part of ∂h that does not pass through the sums.
  public var stateGradient: UnitRows<Scalar>

  @inlinable
  public init(
    rows: Int, units: Int, gates: UnitRows<Scalar>, state: UnitRows<Scalar>,
    memoryBefore: UnitRows<Scalar>, memory: UnitRows<Scalar>, outputGradient: UnitRows<Scalar>,
    memoryGradient: UnitRows<Scalar>, sumGradients: UnitRows<Scalar>,
    recurrentSumGradients: UnitRows<Scalar>?, stateGradient: UnitRows<Scalar>
  ) {
    self.rows = rows
    self.units = units
    self.gates = gates
    self.state = state
    self.memoryBefore = memoryBefore
    self.memory = memory
    self.outputGradient = outputGradient
    self.memoryGradient = memoryGradient
    self.sumGradients = sumGradients
    self.recurrentSumGradients = recurrentSumGradients
    self.stateGradient = stateGradient
  }
}

/// Computes a step of a cell.
@inlinable @inline(__always)
public func stepForward<L: Lanes>(_ cell: GatedCell, _ step: CellStep<L.Scalar>, lanes: L.Type) {
  switch cell {
  case .lstm: stepForward(LSTMFormula.self, step, lanes: L.self)
  case .gru: stepForward(GRUFormula.self, step, lanes: L.self)
  }
}

/// Carries gradients back through a step of a cell.
@inlinable @inline(__always)
public func stepBackward<L: Lanes>(
  _ cell: GatedCell, _ step: CellStepGradient<L.Scalar>, lanes: L.Type
) {
  switch cell {
  case .lstm: stepBackward(LSTMFormula.self, step, lanes: L.self)
  case .gru: stepBackward(GRUFormula.self, step, lanes: L.self)
  }
}

@inlinable @inline(__always)
func stepForward<Formula: CellFormula, L: Lanes>(
  _: Formula.Type, _ step: CellStep<L.Scalar>, lanes: L.Type
) {
  for row in 0..<step.rows {
    var gates = step.gates.base + row &* step.gates.stride
    var sums = step.recurrentSums.map { $0.base + row &* $0.stride } ?? gates
    let state = step.state.base + row &* step.state.stride
    let before = step.memoryBefore.base + row &* step.memoryBefore.stride
    let memory = step.memory.base + row &* step.memory.stride
    let output = step.output.base + row &* step.output.stride
    var first = 0
    while first < step.units {
      let count = min(L.count, step.units &- first)
      var unit = CellUnit<L>()
      for gate in 0..<Formula.gateCount {
        unit.gates[gate] = L.load(gate, of: Formula.gateCount, gates, units: count)
        unit.recurrentSums[gate] = L.load(gate, of: Formula.gateCount, sums, units: count)
      }
      unit.state = L.load(state + first, upTo: count)
      unit.memory = L.load(before + first, upTo: count)
      Formula.forward(&unit)
      for gate in 0..<Formula.gateCount {
        L.store(unit.gates[gate], gate, of: Formula.gateCount, gates, units: count)
      }
      L.store(unit.memory, memory + first, upTo: count)
      L.store(unit.output, output + first, upTo: count)
      gates += Formula.gateCount &* L.count
      sums += Formula.gateCount &* L.count
      first &+= count
    }
  }
}

@inlinable @inline(__always)
func stepBackward<Formula: CellFormula, L: Lanes>(
  _: Formula.Type, _ step: CellStepGradient<L.Scalar>, lanes: L.Type
) {
  for row in 0..<step.rows {
    var gates = step.gates.base + row &* step.gates.stride
    var gradients = step.sumGradients.base + row &* step.sumGradients.stride
    var recurrentGradients = step.recurrentSumGradients.map { $0.base + row &* $0.stride }
    let state = step.state.base + row &* step.state.stride
    let before = step.memoryBefore.base + row &* step.memoryBefore.stride
    let memory = step.memory.base + row &* step.memory.stride
    let output = step.outputGradient.base + row &* step.outputGradient.stride
    let carried = step.memoryGradient.base + row &* step.memoryGradient.stride
    let direct = step.stateGradient.base + row &* step.stateGradient.stride
    var first = 0
    while first < step.units {
      let count = min(L.count, step.units &- first)
      var unit = CellUnitGradient<L>()
      for gate in 0..<Formula.gateCount {
        unit.gates[gate] = L.load(gate, of: Formula.gateCount, gates, units: count)
      }
      unit.state = L.load(state + first, upTo: count)
      unit.memoryBefore = L.load(before + first, upTo: count)
      unit.memory = L.load(memory + first, upTo: count)
      unit.outputGradient = L.add(
        L.load(output + first, upTo: count), L.load(direct + first, upTo: count))
      unit.memoryGradient = L.load(carried + first, upTo: count)
      unit.stateGradient = L.broadcast(0)
      Formula.backward(&unit)
      for gate in 0..<Formula.gateCount {
        L.store(unit.sumGradients[gate], gate, of: Formula.gateCount, gradients, units: count)
      }
      if let target = recurrentGradients {
        for gate in 0..<Formula.gateCount {
          L.store(unit.recurrentSumGradients[gate], gate, of: Formula.gateCount, target, units: count)
        }
        recurrentGradients = target + Formula.gateCount &* L.count
      }
      L.store(unit.memoryGradient, carried + first, upTo: count)
      L.store(unit.stateGradient, direct + first, upTo: count)
      gates += Formula.gateCount &* L.count
      gradients += Formula.gateCount &* L.count
      first &+= count
    }
  }
}

extension Lanes {
  /// The units of a block: 32 bytes of them where vectors have as much. It is the same for all instruction sets with fused
  /// multiply-add, as products over all gates' columns run in the order in which these stand.
  @inlinable @inline(__always)
  public static var unitsPerBlock: Int { min(count, 32 / MemoryLayout<Scalar>.size) }

  /// Loads a gate of a vector of units, of which the first `units` matter.
  @inlinable @inline(__always)
  static func load(
    _ gate: Int, of gateCount: Int, _ blocks: UnsafePointer<Scalar>, units: Int
  ) -> Vector {
    let low = blocks + gate &* unitsPerBlock
    if count == unitsPerBlock { return load(low) }
    if units <= unitsPerBlock { return load(low, count: unitsPerBlock) }
    return load(low: low, high: low + gateCount &* unitsPerBlock)
  }

  /// Stores a gate of a vector of units.
  @inlinable @inline(__always)
  static func store(
    _ vector: Vector, _ gate: Int, of gateCount: Int, _ blocks: UnsafeMutablePointer<Scalar>, units: Int
  ) {
    let low = blocks + gate &* unitsPerBlock
    if count == unitsPerBlock {
      store(vector, low)
    } else if units <= unitsPerBlock {
      store(vector, low, count: unitsPerBlock)
    } else {
      store(vector, low: low, high: low + gateCount &* unitsPerBlock)
    }
  }

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
