internal import CPUFeatures
internal import Synchronization
internal import VectorKernels

/// Memory for the large buffers of calls, handed from one that ends to the next that begins.
///
/// A training loop takes buffers of the same sizes in every step. From the system, each would be
/// mapped, cleared page by page and unmapped again. So buffers that are given back wait here for
/// the next of their size; they take ``mostIdleBytes`` at most, and make room for others.
enum WorkspaceMemory {
  /// Smaller buffers come from the allocator, which keeps such ones by itself.
  static let leastByteCount = 64 << 10
  /// What may wait, in all.
  static let mostIdleBytes = 256 << 20

  /// The addresses of the buffers that wait, by their size in bytes.
  private struct Waiting: Sendable {
    var addresses: [Int: [UInt]] = [:]
    var byteCount = 0
  }

  private final class Shelf: Sendable {
    let waiting = Mutex(Waiting())
  }

  private static let shelf = ProcessLocal { Shelf() }

  /// Memory of a size, aligned to cache lines, and to large pages from one on; not initialized.
  static func take(byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount >= leastByteCount {
      let address = shelf.value.waiting.withLock { waiting -> UInt? in
        guard let address = waiting.addresses[byteCount]?.popLast() else { return nil }
        waiting.byteCount -= byteCount
        return address
      }
      if let memory = address.flatMap({ UnsafeMutableRawPointer(bitPattern: $0) }) { return memory }
    }
    let isLarge = byteCount >= largePage
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: isLarge ? largePage : Processor.cacheLineBytes)
    if isLarge { cpu_prefer_large_pages(memory, byteCount / largePage * largePage) }
    return memory
  }

  /// Gives back what ``take(byteCount:)`` gave.
  static func give(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    guard byteCount >= leastByteCount, byteCount <= mostIdleBytes else { return memory.deallocate() }
    let address = UInt(bitPattern: memory)
    let displaced = shelf.value.waiting.withLock { waiting -> [[UInt]] in
      var displaced: [[UInt]] = []
      if waiting.byteCount + byteCount > mostIdleBytes {
        displaced = Array(waiting.addresses.values)
        waiting = Waiting()
      }
      waiting.addresses[byteCount, default: []].append(address)
      waiting.byteCount += byteCount
      return displaced
    }
    for address in displaced.joined() { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }
  }

  /// The bytes of a large page on x86-64 and arm64.
  private static let largePage = 2 << 20
}

/// The memory of results: arrays, which come from the system's allocator.
enum ResultMemory {
  /// Results below come and go without the system.
  static let leastByteCount = 128 << 10

  /// Lets the allocator keep what results leave behind, for the next call's.
  ///
  /// glibc gives a large free block back to the system at once. A training loop's next results are
  /// then mapped and cleared again, page by page: up to a third of the time of a step.
  static let isKept: Void = cpu_keep_freed_memory()
}

extension UnsafeMutablePointer where Pointee: TensorScalar {
  /// Writes zeros, whose bits are all zero, wherever the generic code is compiled.
  func fillWithZeros(count: Int) {
    UnsafeMutableRawPointer(self).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Pointee>.stride)
  }
}
