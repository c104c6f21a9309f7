internal import CPUFeatures

/// Waits for another thread: at first without giving the processor away, since the other one is
/// about to be ready, and then by letting others run, since it may be one of them that is waited
/// for. What the second part takes is counted.
struct SpinWait: ~Copyable {
  private var rounds = 0
  /// When the second part began.
  private var yieldingSince: UInt64 = 0

  /// Some 5 µs. Threads that run side by side seldom wait for each other as long.
  private static let spins = 200
  /// With one thread for each processor, a processor that is given away comes back at once, after
  /// half a microsecond; so this is another 50 µs.
  private static let yields = 100

  /// Whether it is time to sleep, for who need not be there at once.
  var isOver: Bool { rounds >= Self.spins + Self.yields }

  /// Waits a moment.
  @inline(__always)
  mutating func once() {
    rounds &+= 1
    if rounds < Self.spins {
      cpu_pause()
    } else {
      if rounds == Self.spins { yieldingSince = cpu_now() }
      cpu_yield()
    }
  }

  deinit {
    if rounds >= Self.spins { cpu_add_waited(cpu_now() &- yieldingSince) }
  }
}
