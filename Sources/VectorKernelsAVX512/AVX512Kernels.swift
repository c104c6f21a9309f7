import VectorKernels

/// 32 registers: 24 sums, 6 inputs, a weight.
private typealias Tiles = Tiling<6, 4>

/// The kernels compiled for AVX-512.
public enum AVX512Kernels {
  /// The entry points for `Float`.
  public static let float = KernelTable<Float>(
    laneCount: FloatLanes512.count,
    panelWidth: Tiles.panelVectors * FloatLanes512.count,
    pack: { pack($0, into: $1, lanes: FloatLanes512.self, tiling: Tiles()) },
    multiply: { multiply($0, lanes: FloatLanes512.self, tiling: Tiles()) },
    activate: { activate($0, $1, $2, lanes: FloatLanes512.self) },
    scaleByDerivative: { scaleByDerivative(of: $0, $1, $2, $3, lanes: FloatLanes512.self) },
    readRounds: { readRounds($0, vectorCount: $1, rounds: $2, lanes: FloatLanes512.self) },
    multiplyAddRounds: { multiplyAddRounds($0, lanes: FloatLanes512.self, tiling: Tiles()) })

  /// The entry points for `Double`.
  public static let double = KernelTable<Double>(
    laneCount: DoubleLanes512.count,
    panelWidth: Tiles.panelVectors * DoubleLanes512.count,
    pack: { pack($0, into: $1, lanes: DoubleLanes512.self, tiling: Tiles()) },
    multiply: { multiply($0, lanes: DoubleLanes512.self, tiling: Tiles()) },
    activate: { activate($0, $1, $2, lanes: DoubleLanes512.self) },
    scaleByDerivative: { scaleByDerivative(of: $0, $1, $2, $3, lanes: DoubleLanes512.self) },
    readRounds: { readRounds($0, vectorCount: $1, rounds: $2, lanes: DoubleLanes512.self) },
    multiplyAddRounds: { multiplyAddRounds($0, lanes: DoubleLanes512.self, tiling: Tiles()) })
}
