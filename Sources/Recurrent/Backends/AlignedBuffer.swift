/// Memory for packed weights and scratch, aligned to cache lines; freed with its last reference.
///
/// It is written by whoever creates it and only read once it is shared.
final class AlignedBuffer<Scalar: BitwiseCopyable>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  let count: Int

  /// Allocates memory that is not initialized.
  init(count: Int) {
    self.count = count
    base =
      UnsafeMutableRawPointer
      .allocate(byteCount: max(count, 1) * MemoryLayout<Scalar>.stride, alignment: 64)
      .bindMemory(to: Scalar.self, capacity: max(count, 1))
  }

  deinit {
    base.deallocate()
  }
}
