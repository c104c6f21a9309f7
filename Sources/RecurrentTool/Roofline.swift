import Foundation

/// What a processor can do at most on some threads: multiply-adds in registers, and reads from each
/// level of its memory.
///
/// Source: S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance
/// model for multicore architectures", Communications of the ACM 52 (2009).
struct Roofline: Sendable, Equatable {
  /// A level of the memory.
  struct Level: Sendable, Equatable {
    /// `L1`, …, or `memory`.
    var name: String
    /// Bytes that all threads together read in a second.
    var bytesPerSecond: Double
  }

  var threads: Int
  /// Floating-point operations that all threads together perform in a second.
  var operationsPerSecond: Double
  /// From the nearest.
  var levels: [Level]

  /// The least seconds of one pass in `Float`; of a forward pass,
  ///
  ///     Σ over layers l of (2·T·B·G·H·I_l / peak + T · max(2·B·G·H² / peak, 4·G·H² / bandwidth))
  ///
  /// where G is the number of gates and I_l is I for the first layer and H for the others. The
  /// input product of all steps can be computed at once, so that operations alone limit it. The
  /// recurrent weights are read once for each step at least; in training once more in the backward pass,
  /// where the gradients of all weights and of the input are products over all steps. One time step
  /// alone reads all weights,
  ///
  ///     max(Σ over layers l of 2·B·G·H·(I_l + H) / peak, Σ 4·G·H·(I_l + H) / bandwidth)
  ///
  /// - Parameters:
  ///   - pass: The pass.
  ///   - shape: Its sizes.
  ///   - weightBytesPerSecond: How fast all threads together read the recurrent weights of one
  ///     layer, or all weights where one time step is timed, again and again.
  /// - Returns: The time in seconds, which a pass on these threads undercuts only where it reads
  ///   weights in another order than again and again, so that a nearer cache has some of them
  ///   still.
  func leastSeconds(
    of pass: BenchPass = .forward, _ shape: BenchShape, weightBytesPerSecond: Double
  ) -> Double {
    guard !pass.isSingleStep else {
      return max(
        shape.operations(of: pass) / operationsPerSecond,
        Double(shape.repeatedWeightBytes(of: pass)) / weightBytesPerSecond)
    }
    let (steps, layers) = (Double(shape.steps), Double(shape.layerCount))
    let step = max(
      shape.recurrentOperationsPerStep / operationsPerSecond,
      Double(shape.recurrentWeightBytes) / weightBytesPerSecond)
    let count = steps * layers * shape.recurrentReads(of: pass)
    let otherOperations = shape.operations(of: pass) - count * shape.recurrentOperationsPerStep
    return otherOperations / operationsPerSecond + count * step
  }

  /// The roofline on one line.
  var line: String {
    let peak = String(format: "%.1f", operationsPerSecond / 1e9)
    let bandwidths = levels.map { "\($0.name) " + String(format: "%.0f", $0.bytesPerSecond / 1e9) }
    let on = "\(threads) thread\(threads == 1 ? "" : "s")"
    return "multiply-add peak: \(peak) GFLOP/s, "
      + "read bandwidth: \(bandwidths.joined(separator: ", ")) GB/s, on \(on)"
  }
}

/// The limit of one row of the comparison.
struct RowLimit: Sendable, Equatable {
  var seconds: Double
  /// How fast all threads together read the recurrent weights of one layer, or all weights where
  /// one time step is timed.
  var weightBytesPerSecond: Double
}
