import VectorKernels

/// 16 registers: 12 sums, an input at a time, two weights.
private typealias Tiles = Tiling<6, 2>

/// The kernels compiled for AVX2 and FMA.
public enum AVX2Kernels {
  /// The entry points for `Float`.
  public static let float = KernelTable<Float>(
    laneCount: FloatLanes256.count,
    panelWidth: Tiles.panelVectors * FloatLanes256.count,
    pack: { pack($0, into: $1, lanes: FloatLanes256.self, tiling: Tiles()) },
    multiply: { multiply($0, lanes: FloatLanes256.self, tiling: Tiles()) },
    activate: { activate($0, $1, $2, lanes: FloatLanes256.self) },
    scaleByDerivative: { scaleByDerivative(of: $0, $1, $2, $3, lanes: FloatLanes256.self) },
    readRounds: { readRounds($0, vectorCount: $1, rounds: $2, lanes: FloatLanes256.self) },
    multiplyAddRounds: { multiplyAddRounds($0, lanes: FloatLanes256.self, tiling: Tiles()) })

  /// The entry points for `Double`.
  public static let double = KernelTable<Double>(
    laneCount: DoubleLanes256.count,
    panelWidth: Tiles.panelVectors * DoubleLanes256.count,
    pack: { pack($0, into: $1, lanes: DoubleLanes256.self, tiling: Tiles()) },
    multiply: { multiply($0, lanes: DoubleLanes256.self, tiling: Tiles()) },
    activate: { activate($0, $1, $2, lanes: DoubleLanes256.self) },
    scaleByDerivative: { scaleByDerivative(of: $0, $1, $2, $3, lanes: DoubleLanes256.self) },
    readRounds: { readRounds($0, vectorCount: $1, rounds: $2, lanes: DoubleLanes256.self) },
    multiplyAddRounds: { multiplyAddRounds($0, lanes: DoubleLanes256.self, tiling: Tiles()) })
}
