import Foundation

/// A cache through which a processor reads data.
struct DataCache: Sendable, Equatable {
  /// 1 for the nearest.
  var level: Int
  var byteCount: Int

  /// The caches of this machine's first processor, from the nearest; where the system does not
  /// tell, common ones.
  static var ofThisMachine: [DataCache] {
    let found = listed(inFolder: "/sys/devices/system/cpu/cpu0/cache")
    return found.isEmpty ? common : found
  }

  /// Small rather than large, so that what is meant to fit a level does.
  static let common = [
    DataCache(level: 1, byteCount: 32 << 10), DataCache(level: 2, byteCount: 512 << 10),
    DataCache(level: 3, byteCount: 16 << 20),
  ]

  /// The caches that Linux describes in `index0`, `index1`, … of a folder, from the nearest. A
  /// level that is no larger than the one before, as virtual machines may claim, is left out.
  ///
  /// Source: Linux, Documentation/ABI/testing/sysfs-devices-system-cpu.
  static func listed(inFolder folder: String) -> [DataCache] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let found = names.filter { $0.hasPrefix("index") }.compactMap { cache(inFolder: "\(folder)/\($0)") }
    var caches: [DataCache] = []
    for cache in found.sorted(by: { ($0.level, $0.byteCount) < ($1.level, $1.byteCount) })
    where cache.byteCount > caches.last?.byteCount ?? 0 && cache.level != caches.last?.level {
      caches.append(cache)
    }
    return caches
  }

  private static func cache(inFolder folder: String) -> DataCache? {
    func text(_ name: String) -> String? {
      (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))?
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
    guard let type = text("type"), type != "Instruction", let level = text("level").flatMap({ Int($0) }),
      let size = text("size"), let byteCount = byteCount(size)
    else { return nil }
    return DataCache(level: level, byteCount: byteCount)
  }

  /// The bytes in a text such as `512K`.
  private static func byteCount(_ text: String) -> Int? {
    let unit =
      switch text.last {
      case "K": 1 << 10
      case "M": 1 << 20
      default: 1
      }
    guard let count = Int(unit == 1 ? text : String(text.dropLast())), (1...(1 << 30)).contains(count)
    else { return nil }
    return count * unit
  }
}
