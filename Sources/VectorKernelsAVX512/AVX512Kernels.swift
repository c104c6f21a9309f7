// Compile only with -mavx512f -mavx512vl -mavx512dq -mavx512bw -mfma, and run only where all are
// present.
//
// One file, so that builds without whole-module optimization see through the vectors too and
// specialize the kernels.

import CVectorMath
import CellKernels
import VectorKernels

/// 32 registers: 24 sums, 6 inputs, a weight.
private typealias Tiles = Tiling<6, 4>

/// The kernels compiled for AVX-512.
public enum AVX512Kernels {
  /// The entry points for `Float`.
  public static var float: KernelTable<Float> { KernelTable(lanes: FloatLanes512.self, tiling: Tiles()) }

  /// The entry points for `Double`.
  public static var double: KernelTable<Double> { KernelTable(lanes: DoubleLanes512.self, tiling: Tiles()) }

  /// What `Float` offers beside products.
  public static var floatCells: CellTable<Float> { CellTable(lanes: FloatLanes512.self) }

  /// What `Double` offers beside products.
  public static var doubleCells: CellTable<Double> { CellTable(lanes: DoubleLanes512.self) }
}

extension FloatLanes512: Lanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD16<Float>
}

extension DoubleLanes512: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD8<Double>
}
