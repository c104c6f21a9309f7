internal import CKernelSets
internal import CPUFeatures
package import CellKernels
internal import VectorKernels

/// The vector instructions that the kernels of the Swift backend are compiled for.
///
/// `RECURRENT_INSTRUCTIONS` takes a raw value of this type and makes the process use that set.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// 128-bit vectors, no fused multiply-add: every x86-64 processor.
  case sse2
  /// 256-bit vectors and fused multiply-add.
  case avx2
  /// 512-bit vectors: AVX-512 F, VL, DQ and BW.
  case avx512
  /// 128-bit vectors and fused multiply-add: every arm64 processor.
  case neon

  /// The sets that this processor and its system offer, from the narrowest to the widest.
  public static let available: [InstructionSet] = {
    #if arch(arm64)
      [.neon]
    #else
      [.sse2] + (cpu_offers_avx2_and_fma() ? [.avx2] : []) + (cpu_offers_avx512() ? [.avx512] : [])
    #endif
  }()

  /// The widest set that is available.
  static let widest = available.last ?? .baseline

  /// Whether this processor computes 512 bits no faster than twice 256.
  private static let isHalved = cpu_halves_512_bits()

  /// The set for a chain of products of so many rows and columns, where this one is the widest that
  /// may be used.
  ///
  /// Small steps that fill half a vector are faster with half vectors. Where 512 bits are computed
  /// in two halves, they save nothing but instructions, and half vectors are faster wherever they
  /// leave fewer columns empty, and for single rows of two, if a step is one small tile of them.
  /// The figures are in Benchmarks/Results/kernel-notes.md.
  @inline(__always)
  func fitting(
    rows: Int, columns: Int, scalarSize: Int, isHalved: @autoclosure () -> Bool = Self.isHalved
  ) -> InstructionSet {
    guard self == .avx512, rows <= 9, columns <= 24 else { return self }
    return switch (columns * scalarSize + 31) / 32 {
    case 1: .avx2
    case 2 where rows == 1 && isHalved(): .avx2
    case 3 where rows <= 3 && isHalved(): .avx2
    default: self
    }
  }

  /// What every processor of this architecture has.
  private static var baseline: InstructionSet {
    #if arch(arm64)
      .neon
    #else
      .sse2
    #endif
  }

  /// Whether a multiply-add is rounded once; results of such sets agree in every bit.
  public var hasFusedMultiplyAdd: Bool { self != .sse2 }

  /// The kernels; the set must be available.
  package var kernels: KernelSet {
    precondition(Self.available.contains(self), "this processor has no \(rawValue)")
    return switch self {
    #if arch(x86_64)
      case .avx2: Self.avx2Kernels
      case .avx512: Self.avx512Kernels
    #endif
    default: Self.baselineKernels
    }
  }

  private static let baselineKernels = KernelSet(writtenBy: recurrent_kernels_128)
  #if arch(x86_64)
    private static let avx2Kernels = KernelSet(writtenBy: recurrent_kernels_256)
    private static let avx512Kernels = KernelSet(writtenBy: recurrent_kernels_512)
  #endif
}

extension InstructionSet {
  /// Performs rounds of independent multiply-adds in registers, to measure what the processor can
  /// do.
  ///
  /// - Returns: The number of floating-point operations performed.
  package func performMultiplyAdds(rounds: Int) -> Int {
    let (operations, value) = kernels.float.multiplyAddRounds(rounds)
    // The value is finite by construction; asking keeps the rounds from being left out.
    return value.isFinite ? operations * rounds : 0
  }
}

extension InstructionSet {
  /// Reads the whole vectors of a buffer so many times, to measure what the memory it lies in can
  /// do.
  ///
  /// - Returns: The number of bytes read.
  package func performReads(of buffer: UnsafeBufferPointer<Float>, rounds: Int) -> Int {
    let kernels = kernels.float
    guard let base = buffer.baseAddress else { return 0 }
    let vectors = buffer.count / kernels.laneCount
    var value: Float = 0
    kernels.readRounds(base, vectors, rounds, &value)
    // Asking for the value keeps the reads from being left out.
    return value.isNaN ? 0 : vectors * kernels.laneCount * MemoryLayout<Float>.stride * rounds
  }
}
