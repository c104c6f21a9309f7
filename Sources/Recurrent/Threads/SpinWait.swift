internal import CPUFeatures

/// Waits for another thread: at first without giving the processor away, since the other one is about to be ready, and
/// then by letting others run, since it may be one of them that is waited for.
struct SpinWait {
  /// Some 30 µs: longer than threads that run side by side ever wait for each other.
  static let patience = 1500

  private var rounds = 0

  /// Whether the time to spin is over.
  var isOver: Bool { rounds >= Self.patience }

  /// Waits a moment.
  @inline(__always)
  mutating func once() {
    if rounds < Self.patience {
      rounds += 1
      cpu_pause()
    } else {
      cpu_yield()
    }
  }
}
