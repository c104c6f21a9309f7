#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Whether memory can be had, asked before an array is made whose size comes from outside: an array
/// that the system has no memory for ends the process.
///
/// | way                               | why not                                                         |
/// | --------------------------------- | --------------------------------------------------------------- |
/// | an array of our own from `malloc` | a tensor's scalars are an array of Swift, which allocates itself |
/// | the size of the machine's memory  | a limit of the process, as `ulimit -v` sets it, is lower         |
enum Memory {
  /// Below this, asking costs more than it tells: such arrays come from memory that the process
  /// has.
  private static let leastByteCount = 1 << 20

  /// Checks that an array of so many elements can be made.
  ///
  /// The system is asked for address space of that size, which it refuses beyond the limits of the
  /// process and, where it is set up so, beyond what the machine has; it is given back at once and
  /// never touched.
  ///
  /// - Parameters:
  ///   - counts: Sizes whose product is the number of elements; none is negative.
  ///   - size: The bytes of one element, in all arrays that exist at the same time.
  ///   - argument: What the elements are for.
  /// - Throws: ``RecurrentError/memoryUnavailable(argument:byteCount:)`` where it cannot.
  /// - Complexity: O(counts); two calls of the system.
  static func require(_ counts: [Int], size: Int, for argument: String) throws(RecurrentError) {
    guard !counts.contains(0) else { return }
    guard let byteCount = Shape.elementCount(of: counts + [size]) else {
      throw .memoryUnavailable(argument: argument, byteCount: .max)
    }
    guard isAvailable(byteCount: byteCount) else {
      throw .memoryUnavailable(argument: argument, byteCount: byteCount)
    }
  }

  /// Whether so many bytes can be had; see ``require(_:size:for:)``.
  static func isAvailable(byteCount: Int) -> Bool {
    guard byteCount >= leastByteCount else { return true }
    let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let start, start != MAP_FAILED else { return false }
    munmap(start, byteCount)
    return true
  }
}
