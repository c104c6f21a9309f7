internal import CellKernels
internal import VectorKernelsBaseline

#if arch(x86_64)
  internal import VectorKernelsAVX2
  internal import VectorKernelsAVX512
#endif

extension InstructionSet {
  /// What `Float` offers beside products; the set must be available.
  var floatCells: CellTable<Float> {
    precondition(Self.available.contains(self), "this processor has no \(rawValue)")
    switch self {
    #if arch(x86_64)
      case .avx2: return AVX2Kernels.floatCells
      case .avx512: return AVX512Kernels.floatCells
    #endif
    default: return BaselineKernels.floatCells
    }
  }

  /// What `Double` offers beside products; the set must be available.
  var doubleCells: CellTable<Double> {
    precondition(Self.available.contains(self), "this processor has no \(rawValue)")
    switch self {
    #if arch(x86_64)
      case .avx2: return AVX2Kernels.doubleCells
      case .avx512: return AVX512Kernels.doubleCells
    #endif
    default: return BaselineKernels.doubleCells
    }
  }
}
