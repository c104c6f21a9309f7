// The vectors every processor of the architecture has.
//
// One file, so that builds without whole-module optimization see through the vectors too and
// specialize the kernels.

import CellKernels
import CVectorMath
import VectorKernels

// SSE2 has 16 registers and needs one for the product before the sum: 8 sums, 2 inputs, a weight.
// NEON has 32: 24 sums, 6 inputs, a weight.
#if arch(arm64)
  private typealias Tiles = Tiling<6, 4>
#else
  private typealias Tiles = Tiling<2, 4>
#endif

/// Writes the kernels compiled for the baseline of the architecture: SSE2 on x86-64, NEON on arm64.
@c(recurrent_kernels_128)
public func writeKernels(_ target: UnsafeMutableRawPointer) {
  target.initializeMemory(
    as: KernelSet.self,
    to: KernelSet(
      FloatLanes128.self, DoubleLanes128.self, wide: FloatPairs128.self, DoublePairs128.self, tiling: Tiles())
  )
}

extension FloatLanes128: NarrowLanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD4<Float>
  public typealias Words = SIMD4<UInt32>
}

extension DoubleLanes128: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD2<Double>
}

extension FloatPairs128: Lanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD8<Float>
}

extension DoublePairs128: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD4<Double>
}
