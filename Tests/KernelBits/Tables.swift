import CellKernels
import VectorKernels

#if arch(x86_64)
  import VectorKernelsAVX2
  import VectorKernelsAVX512
#else
  import VectorKernelsBaseline
#endif

/// The entry points of one instruction set with fused multiply-add.
struct Tables {
  let float: KernelTable<Float>
  let double: KernelTable<Double>
  let floatCells: CellTable<Float>
  let doubleCells: CellTable<Double>

  #if arch(x86_64)
    static var avx2: Tables {
      Tables(
        float: AVX2Kernels.float, double: AVX2Kernels.double, floatCells: AVX2Kernels.floatCells,
        doubleCells: AVX2Kernels.doubleCells)
    }

    static var avx512: Tables {
      Tables(
        float: AVX512Kernels.float, double: AVX512Kernels.double, floatCells: AVX512Kernels.floatCells,
        doubleCells: AVX512Kernels.doubleCells)
    }

    /// Those that the program's argument names.
    static var chosen: Tables? {
      switch CommandLine.arguments.dropFirst().first {
      case "avx2": avx2
      case "avx512": avx512
      default: nil
      }
    }
  #else
    /// NEON's.
    static var chosen: Tables? {
      Tables(
        float: BaselineKernels.float, double: BaselineKernels.double,
        floatCells: BaselineKernels.floatCells, doubleCells: BaselineKernels.doubleCells)
    }
  #endif
}
