import CellKernels
import VectorKernels

// Prints a line for each of many cases: what the kernels of one instruction set were given, and a
// digest of the bits that they gave. Two sets that agree in every bit print the same. It is
// compiled for processors and systems that have no Foundation, and needs nothing but memory and
// standard output.
//
// `Utilities/test-neon.sh` compiles, runs and compares it.

@main
enum KernelBits {
  static func main() {
    guard let kernels = chosenKernels() else { fatalError("expected an instruction set: avx2 or avx512") }
    run(kernels.float, kernels.floatCells)
    run(kernels.double, kernels.doubleCells)
    narrowCases(kernels.float, kernels.narrow)
  }

  private static func run<Scalar: Number>(_ kernels: KernelTable<Scalar>, _ cells: CellTable<Scalar>) {
    activationCases(kernels)
    rowCases(kernels)
    softmaxCases(kernels)
    packingCases(kernels)
    productCases(kernels)
    transposedProductCases(kernels)
    chainCases(kernels)
    cellCases(kernels, cells)
    fusedCases(kernels, cells)
  }
}
