import VectorKernels

/// 16 registers: 12 sums, 3 inputs, a weight.
private typealias TileRows = Constant<3>

/// The kernels compiled for AVX2 and FMA.
public enum AVX2Kernels {
  /// The entry points for `Float`.
  public static let float = KernelTable<Float>(
    laneCount: FloatLanes256.count,
    pack: { pack($0, into: $1, lanes: FloatLanes256.self) },
    multiply: { multiply($0, lanes: FloatLanes256.self, tileRows: TileRows()) },
    activate: { activate($0, $1, $2, lanes: FloatLanes256.self) },
    readRounds: { readRounds($0, vectorCount: $1, rounds: $2, lanes: FloatLanes256.self) },
    multiplyAddRounds: { multiplyAddRounds($0, lanes: FloatLanes256.self, tileRows: TileRows()) })

  /// The entry points for `Double`.
  public static let double = KernelTable<Double>(
    laneCount: DoubleLanes256.count,
    pack: { pack($0, into: $1, lanes: DoubleLanes256.self) },
    multiply: { multiply($0, lanes: DoubleLanes256.self, tileRows: TileRows()) },
    activate: { activate($0, $1, $2, lanes: DoubleLanes256.self) },
    readRounds: { readRounds($0, vectorCount: $1, rounds: $2, lanes: DoubleLanes256.self) },
    multiplyAddRounds: { multiplyAddRounds($0, lanes: DoubleLanes256.self, tileRows: TileRows()) })
}
