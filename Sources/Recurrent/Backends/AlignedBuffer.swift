/// Memory for packed weights and what calls keep, aligned to cache lines; freed with its last
/// reference.
///
/// Buffers from a large page on ask for large pages: weights beyond the second-level cache are read
/// from front to back at every step, and translations of small pages do not keep up.
///
/// It is written by whoever creates it and only read once it is shared.
final class AlignedBuffer<Scalar: BitwiseCopyable>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  let count: Int

  private static func byteCount(_ count: Int) -> Int { max(count, 1) * MemoryLayout<Scalar>.stride }

  /// Takes memory that is not initialized.
  init(count: Int) {
    self.count = count
    base = WorkspaceMemory.take(byteCount: Self.byteCount(count))
      .bindMemory(to: Scalar.self, capacity: max(count, 1))
  }

  deinit {
    WorkspaceMemory.give(base, byteCount: Self.byteCount(count))
  }
}
