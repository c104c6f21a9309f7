import VectorKernels

// SSE2 has 16 registers and needs one for the product before the sum: 8 sums, 2 inputs, a weight.
// NEON has 32: 24 sums, 6 inputs, a weight.
#if arch(arm64)
  private typealias Tiles = Tiling<6, 4>
#else
  private typealias Tiles = Tiling<2, 4>
#endif

/// The kernels compiled for the baseline of the architecture: SSE2 on x86-64, NEON on arm64.
public enum BaselineKernels {
  /// The entry points for `Float`.
  public static let float = KernelTable<Float>(
    laneCount: FloatLanes128.count,
    panelWidth: Tiles.panelVectors * FloatLanes128.count,
    pack: { pack($0, into: $1, lanes: FloatLanes128.self, tiling: Tiles()) },
    multiply: { multiply($0, lanes: FloatLanes128.self, tiling: Tiles()) },
    activate: { activate($0, $1, $2, lanes: FloatLanes128.self) },
    scaleByDerivative: { scaleByDerivative(of: $0, $1, $2, $3, lanes: FloatLanes128.self) },
    readRounds: { readRounds($0, vectorCount: $1, rounds: $2, lanes: FloatLanes128.self) },
    multiplyAddRounds: { multiplyAddRounds($0, lanes: FloatLanes128.self, tiling: Tiles()) })

  /// The entry points for `Double`.
  public static let double = KernelTable<Double>(
    laneCount: DoubleLanes128.count,
    panelWidth: Tiles.panelVectors * DoubleLanes128.count,
    pack: { pack($0, into: $1, lanes: DoubleLanes128.self, tiling: Tiles()) },
    multiply: { multiply($0, lanes: DoubleLanes128.self, tiling: Tiles()) },
    activate: { activate($0, $1, $2, lanes: DoubleLanes128.self) },
    scaleByDerivative: { scaleByDerivative(of: $0, $1, $2, $3, lanes: DoubleLanes128.self) },
    readRounds: { readRounds($0, vectorCount: $1, rounds: $2, lanes: DoubleLanes128.self) },
    multiplyAddRounds: { multiplyAddRounds($0, lanes: DoubleLanes128.self, tiling: Tiles()) })
}
