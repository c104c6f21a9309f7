/// Memory that dies with a call; none is taken for none.
struct Scratch<Scalar: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  private let byteCount: Int

  /// Takes memory that is not initialized, aligned to cache lines.
  init(count: Int) {
    byteCount = count * MemoryLayout<Scalar>.stride
    if count > 0 {
      base = WorkspaceMemory.take(byteCount: byteCount).bindMemory(to: Scalar.self, capacity: count)
    } else {
      // Nobody reads or writes it.
      base = UnsafeMutableRawPointer(bitPattern: 64).unsafelyUnwrapped
        .assumingMemoryBound(to: Scalar.self)
    }
  }

  deinit {
    if byteCount > 0 { WorkspaceMemory.give(base, byteCount: byteCount) }
  }
}
