// Compile only with -mavx2 -mfma, and run only where both are present.
//
// One file, so that builds without whole-module optimization see through the vectors too and
// specialize the kernels.

import CVectorMath
import CellKernels
import VectorKernels

/// 16 registers: 12 sums, an input at a time, two weights.
private typealias Tiles = Tiling<6, 2>

/// The kernels compiled for AVX2 and FMA.
public enum AVX2Kernels {
  /// The entry points for `Float`.
  public static var float: KernelTable<Float> { KernelTable(lanes: FloatLanes256.self, tiling: Tiles()) }

  /// The entry points for `Double`.
  public static var double: KernelTable<Double> { KernelTable(lanes: DoubleLanes256.self, tiling: Tiles()) }

  /// What `Float` offers beside products.
  public static var floatCells: CellTable<Float> { CellTable(lanes: FloatLanes256.self) }

  /// What `Double` offers beside products.
  public static var doubleCells: CellTable<Double> { CellTable(lanes: DoubleLanes256.self) }
}

extension FloatLanes256: Lanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD8<Float>
}

extension DoubleLanes256: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD4<Double>
}
