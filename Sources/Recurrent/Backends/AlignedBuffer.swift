internal import CPUFeatures

/// Memory for packed weights and scratch, aligned to cache lines; freed with its last reference.
///
/// Buffers from ``largePage`` on are aligned to large pages and ask for them: weights beyond the second-level cache
/// are read from front to back at every step, and translations of small pages do not keep up.
///
/// It is written by whoever creates it and only read once it is shared.
final class AlignedBuffer<Scalar: BitwiseCopyable>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  let count: Int

  /// Allocates memory that is not initialized.
  init(count: Int) {
    self.count = count
    let size = max(count, 1) * MemoryLayout<Scalar>.stride
    let isLarge = size >= largePage
    let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: isLarge ? largePage : cacheLine)
    if isLarge { cpu_prefer_large_pages(memory, size / largePage * largePage) }
    base = memory.bindMemory(to: Scalar.self, capacity: max(count, 1))
  }

  deinit {
    base.deallocate()
  }
}

/// The bytes of a cache line on the processors that the kernels are made for.
private let cacheLine = 64
/// The bytes of a large page on x86-64 and arm64.
private let largePage = 2 << 20
