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

/// Writes the kernels compiled for AVX-512.
@c(recurrent_kernels_512)
public func writeKernels(_ target: UnsafeMutableRawPointer) {
  target.initializeMemory(
    as: KernelSet.self,
    to: KernelSet(
      FloatLanes512.self, DoubleLanes512.self, wide: FloatLanes512.self, DoubleLanes512.self, tiling: Tiles())
  )
}

extension FloatLanes512: NarrowLanes {
  public typealias Scalar = Float
  public typealias Vector = SIMD16<Float>
  public typealias Words = SIMD16<UInt32>
}

extension DoubleLanes512: Lanes {
  public typealias Scalar = Double
  public typealias Vector = SIMD8<Double>
}
