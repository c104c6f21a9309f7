import Foundation
import Recurrent

/// How fast one thread reads buffers of given sizes, by the widest vectors that the processor has.
///
/// It owns the memory of the largest buffer; the others are parts of it.
final class ReadMeasurement {
  /// A buffer that stands for a level of the memory.
  struct Probe: Equatable {
    var name: String
    var byteCount: Int
  }

  /// The levels, from the nearest.
  let levels: [(probe: Probe, bytesPerSecond: Double)]
  private let memory: UnsafeMutableRawBufferPointer

  /// Measures every level, in some tenths of a second altogether.
  init(caches: [DataCache]) {
    let probes = Self.probes(for: caches)
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.byteCount(for: caches), alignment: 64)
    // Pages that were never written share one page of zeros, which stays in the nearest cache.
    // These bytes make normal numbers.
    if let base = memory.baseAddress { memset(base, 0x3c, memory.count) }
    self.memory = memory
    levels = probes.map { ($0, Self.bytesPerSecond($0.byteCount, in: UnsafeRawBufferPointer(memory))) }
  }

  deinit {
    memory.deallocate()
  }

  /// The bytes of the largest buffer.
  static func byteCount(for caches: [DataCache]) -> Int { probes(for: caches).map(\.byteCount).max() ?? 0 }

  /// One buffer for each level, from the nearest.
  ///
  /// Half of a cache, as the other half may hold what else is in use, and at most eight times the
  /// cache before it: a large cache is shared with other processors, and only a part of it may be
  /// ours. Four times the last cache lies in memory; at most 512 MiB, since every page has to be
  /// filled.
  static func probes(for caches: [DataCache]) -> [Probe] {
    let memory = min(max(4 * (caches.last?.byteCount ?? 0), 64 << 20), 512 << 20)
    var probes: [Probe] = []
    var most = memory
    for cache in caches {
      let byteCount = wholeBlocks(min(cache.byteCount / 2, most))
      if byteCount < memory { probes.append(Probe(name: "L\(cache.level)", byteCount: byteCount)) }
      most = 8 * cache.byteCount
    }
    return probes + [Probe(name: "memory", byteCount: memory)]
  }

  /// The bytes per second of a buffer of this size that is read again and again.
  ///
  /// It is measured, rather than taken from the level whose size it is within: a cache that is
  /// nearly full, or that others use too, is slower than its probe. It is at least as fast as the
  /// probes that are no smaller; and up to the size of the nearest level's probe it is as fast as
  /// that.
  func bytesPerSecond(reading byteCount: Int) -> Double {
    let larger = levels.filter { $0.probe.byteCount >= byteCount }.map(\.bytesPerSecond)
    guard let most = larger.max() else { return levels[levels.count - 1].bytesPerSecond }
    if larger.count == levels.count { return levels[0].bytesPerSecond }
    let measured = Self.bytesPerSecond(Self.wholeBlocks(byteCount), in: UnsafeRawBufferPointer(memory))
    return max(measured, most)
  }

  /// A whole number of blocks of eight 64-byte vectors, which the kernel reads in one turn of its
  /// loop.
  private static func wholeBlocks(_ byteCount: Int) -> Int {
    max(512, byteCount / 512 * 512)
  }

  /// The best of several tries, each at another place: which sets of a cache a buffer fills depends
  /// on its pages.
  private static func bytesPerSecond(_ byteCount: Int, in memory: UnsafeRawBufferPointer) -> Double {
    let instructions = InstructionSet.available.last
    let clock = ContinuousClock()
    let spare = memory.count - byteCount
    func seconds(at place: Int, rounds: Int) -> Double {
      let buffer = UnsafeRawBufferPointer(rebasing: memory[place..<(place + byteCount)])
      let scalars = buffer.bindMemory(to: Float.self)
      return clock.measure { _ = instructions?.performReads(of: scalars, rounds: rounds) }.seconds
    }

    var rounds = 1
    while seconds(at: 0, rounds: rounds) < leastSecondsOfTry, rounds < 1 << 30 { rounds *= 2 }
    var best = Double.infinity
    var tries = 0
    let start = clock.now
    while tries < leastTries || (clock.now - start).seconds < secondsOfTries {
      let place = spare / places * (tries % places) / pageBytes * pageBytes
      // Into the cache, where it is not there yet.
      if place > 0 { _ = seconds(at: place, rounds: 1) }
      best = min(best, seconds(at: place, rounds: rounds))
      tries += 1
    }
    return Double(byteCount) * Double(rounds) / best
  }

  /// Long enough for the clock and for what a try begins with.
  private static let leastSecondsOfTry = 1e-3
  private static let secondsOfTries = 0.05
  private static let leastTries = 4
  private static let places = 12
  private static let pageBytes = 4096
}
