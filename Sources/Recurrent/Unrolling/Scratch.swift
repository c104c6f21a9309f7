/// Memory that dies with a call; none is allocated for none.
struct Scratch<Scalar: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  private let count: Int

  /// Allocates memory that is not initialized, aligned to cache lines.
  init(count: Int) {
    self.count = count
    let alignment = 64
    if count > 0 {
      base =
        UnsafeMutableRawPointer
        .allocate(byteCount: count * MemoryLayout<Scalar>.stride, alignment: alignment)
        .bindMemory(to: Scalar.self, capacity: count)
    } else {
      // Nobody reads or writes it.
      base = UnsafeMutableRawPointer(bitPattern: alignment).unsafelyUnwrapped
        .assumingMemoryBound(to: Scalar.self)
    }
  }

  deinit {
    if count > 0 { base.deallocate() }
  }
}
