internal import Synchronization

/// Identifies one session of a ``RecurrentStreamPool``.
///
/// No other session of the process has the same identifier, in whatever pool, before or after. When
/// its session has left, the pool refuses it.
public struct RecurrentSession: Sendable, Hashable, CustomStringConvertible {
  /// Where the pool finds the session's state.
  let slot: Int32
  /// The number of sessions of the process that joined before, and this one.
  let generation: UInt64

  private static let lastGeneration = Atomic<UInt64>(0)

  /// Identifies a new session.
  init(slot: Int32) {
    self.slot = slot
    generation = Self.lastGeneration.add(1, ordering: .relaxed).newValue
  }

  /// Such as "session 17", with a number that no other session of the process has.
  public var description: String { "session \(generation)" }
}
