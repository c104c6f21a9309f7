// Compile only with -mavx2 -mfma, and run only where both are present.
//
// One file, so that builds without whole-module optimization see through the vectors too and
// specialize the kernels.

import CVectorMath
import CellKernels
import VectorKernels

/// 16 registers: 12 sums, an input at a time, two weights.
private typealias Tiles = Tiling<6, 2>

/// Writes the kernels compiled for AVX2 and FMA.
@c(recurrent_kernels_256)
public func writeKernels(_ target: UnsafeMutableRawPointer) {
  target.initializeMemory(
    as: KernelSet.self,
    to: KernelSet(
      FloatLanes256.self, DoubleLanes256.self, wide: FloatPairs256.self, DoublePairs256.self, tiling: Tiles())
  )
}

extension FloatLanes256: NarrowLanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD8<Float>
  public typealias Words = SIMD8<UInt32>
}

extension DoubleLanes256: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD4<Double>
}

extension FloatPairs256: Lanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD16<Float>
}

extension DoublePairs256: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD8<Double>
}
