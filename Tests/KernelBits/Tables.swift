import CellKernels

#if arch(x86_64)
  import Kernels256
  import Kernels512
#else
  import Kernels128
#endif

/// The kernels of the instruction set with fused multiply-add that the program's argument names; NEON's on arm64.
func chosenKernels() -> KernelSet? {
  #if arch(x86_64)
    switch CommandLine.arguments.dropFirst().first {
    case "avx2": KernelSet(writtenBy: Kernels256.writeKernels)
    case "avx512": KernelSet(writtenBy: Kernels512.writeKernels)
    default: nil
    }
  #else
    KernelSet(writtenBy: writeKernels)
  #endif
}
