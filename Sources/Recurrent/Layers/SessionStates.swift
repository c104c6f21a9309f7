/// The states of a pool's sessions, in slabs that double in size and never move.
///
/// Slab k has 2ᵏ times the sessions of the first, so that a slot's slab is found by counting bits,
/// and half of the memory at least is in use when a slab is added. Whoever changes the slots or the
/// states has them alone.
struct SessionStates<Scalar: TensorScalar>: @unchecked Sendable {
  let layout: SessionLayout
  private var slabs: [AlignedBuffer<Scalar>] = []
  /// Where each slab begins; apart from the slabs, to which a look-up would count references.
  private var bases: [UnsafeMutablePointer<Scalar>] = []
  private var slots: [Slot] = []
  /// The slots that sessions have left, of which the last is used next: its memory is the most
  /// likely to be in a cache.
  private var freeSlots: [Int32] = []
  /// The number of the last tick.
  private var tick: UInt64 = 0

  private struct Slot {
    /// Of the session that has the slot; 0 for none.
    var generation: UInt64
    /// The last tick that stepped it.
    var tick: UInt64
  }

  private static var firstSlabSize: Int { 16 }
  /// With this many, slots are still below 2³¹.
  private static var mostSlabs: Int { 27 }

  init(_ layout: SessionLayout) {
    self.layout = layout
  }

  /// The sessions that have joined and not left.
  var count: Int { slots.count - freeSlots.count }

  /// The sessions that there is memory for.
  private var capacity: Int { Self.capacity(ofSlabs: slabs.count) }

  private static func capacity(ofSlabs count: Int) -> Int { firstSlabSize * ((1 << count) - 1) }

  /// The most sessions that there can be.
  private var limit: Int {
    min(Self.capacity(ofSlabs: Self.mostSlabs), StackSizes.greatestScalarCount / layout.stride)
  }
}

// MARK: Joining and leaving

extension SessionStates {
  /// Takes memory for so many sessions in all.
  ///
  /// - Throws: ``RecurrentError`` for more than there can be, or where there is no memory; nothing
  ///   has happened then.
  mutating func reserveCapacity(_ count: Int) throws(RecurrentError) {
    guard (0...limit).contains(count) else {
      throw .invalidSize(argument: "sessions", expected: "0 to \(limit)", actual: count)
    }
    let slabSizes = (count + Self.firstSlabSize - 1) / Self.firstSlabSize
    let slabCount = Int.bitWidth - slabSizes.leadingZeroBitCount
    guard slabCount > slabs.count else { return }
    try Memory.require(
      [Self.capacity(ofSlabs: slabCount) - capacity, layout.stride], size: MemoryLayout<Scalar>.stride,
      for: "sessions")
    while slabs.count < slabCount {
      let slab = AlignedBuffer<Scalar>(count: (Self.firstSlabSize << slabs.count) * layout.stride)
      slabs.append(slab)
      bases.append(slab.base)
    }
    slots.reserveCapacity(capacity)
    freeSlots.reserveCapacity(capacity)
  }

  /// Gives a new session a slot, whose state is whatever its memory holds.
  mutating func add() throws(RecurrentError) -> RecurrentSession {
    if let slot = freeSlots.popLast() {
      let session = RecurrentSession(slot: slot)
      slots[Int(slot)].generation = session.generation
      return session
    }
    if slots.count == capacity { try reserveCapacity(slots.count + 1) }
    let session = RecurrentSession(slot: Int32(slots.count))
    slots.append(Slot(generation: session.generation, tick: 0))
    return session
  }

  /// Frees a session's slot for another one.
  mutating func remove(_ session: RecurrentSession) throws(RecurrentError) {
    try require(session, "session")
    slots[Int(session.slot)].generation = 0
    freeSlots.append(session.slot)
  }
}

// MARK: Looking up

extension SessionStates {
  /// Where a session's state is.
  func state(of session: RecurrentSession) throws(RecurrentError) -> UnsafeMutablePointer<Scalar> {
    try require(session, "session")
    return bases.withUnsafeBufferPointer { Self.state(ofSlot: session.slot, $0, layout) }
  }

  /// Calls `body` with what finds the state of each slot.
  @inline(__always)
  func withSlabs(_ body: (UnsafeBufferPointer<UnsafeMutablePointer<Scalar>>) -> Void) {
    bases.withUnsafeBufferPointer(body)
  }

  /// Where the state of a slot is that a session has or had.
  @inline(__always)
  static func state(
    ofSlot slot: Int32, _ slabs: UnsafeBufferPointer<UnsafeMutablePointer<Scalar>>, _ layout: SessionLayout
  ) -> UnsafeMutablePointer<Scalar> {
    let slot = Int(slot)
    let slab = Int.bitWidth - 1 - (slot / firstSlabSize + 1).leadingZeroBitCount
    return slabs[slab] + (slot - capacity(ofSlabs: slab)) * layout.stride
  }

  /// Whether a session has joined and not left.
  @inline(__always)
  func contains(_ session: RecurrentSession) -> Bool {
    let slot = Int(session.slot)
    return slot < slots.count && slots[slot].generation == session.generation
  }

  private func require(
    _ session: RecurrentSession, _ argument: @autoclosure () -> String
  ) throws(RecurrentError) {
    guard contains(session) else {
      throw .invalidValue(
        argument: argument(), expected: "a session of this pool that has not left", actual: "\(session)")
    }
  }

  /// Begins a tick: checks that the sessions are of this pool, and each of them there once.
  mutating func beginTick(
    _ sessions: UnsafeBufferPointer<RecurrentSession>
  ) throws(RecurrentError) {
    tick += 1
    for (index, session) in sessions.enumerated() {
      try require(session, "sessions[\(index)]")
      let slot = Int(session.slot)
      guard slots[slot].tick != tick else {
        let first = sessions.firstIndex(of: session) ?? 0
        throw .invalidValue(
          argument: "sessions[\(index)]", expected: "another session than sessions[\(first)]",
          actual: "\(session)")
      }
      slots[slot].tick = tick
    }
  }
}
