/// The entry points that one instruction set offers for one scalar type.
///
/// The modules `Kernels…` each hand out one table for `Float` and one for `Double`. An entry
/// is called once for a whole matrix or buffer, so that the indirect call costs nothing.
public struct KernelTable<Scalar>: Sendable {
  /// The number of scalars in a vector.
  public let laneCount: Int
  /// The number of columns in a panel; packed columns are padded to a multiple of it.
  public let panelWidth: Int
  /// Packs a matrix into panels. See ``pack(_:into:lanes:tiling:)``.
  public let pack: @Sendable (PackingSource<Scalar>, UnsafeMutablePointer<Scalar>) -> Void
  /// Multiplies rows with packed panels. See ``multiply(_:lanes:tiling:)``.
  public let multiply: @Sendable (Product<Scalar>) -> Void
  /// Applies an activation to `count` contiguous scalars in place.
  public let activate: @Sendable (Activation, UnsafeMutablePointer<Scalar>, Int) -> Void
  /// Multiplies `count` contiguous scalars by an activation's derivative where it had these
  /// outputs. See ``scaleByDerivative(of:_:_:_:lanes:)``.
  public let scaleByDerivative:
    @Sendable (Activation, UnsafeMutablePointer<Scalar>, _ outputs: UnsafePointer<Scalar>, Int) -> Void
  /// Adds the rows of a matrix to a vector. See ``addRows(_:rows:columns:rowStride:to:lanes:)``.
  public let addRows:
    @Sendable (
      UnsafePointer<Scalar>, _ rows: Int, _ columns: Int, _ rowStride: Int, UnsafeMutablePointer<Scalar>
    ) -> Void
  /// The loops over the rows of a softmax.
  public let softmax: SoftmaxKernels<Scalar>
  /// Reads a buffer of so many vectors that many times, and stores a value that depends on every
  /// load. See ``readRounds(_:vectorCount:rounds:lanes:)``.
  ///
  /// A closure that returned the number itself would be compiled with calls in place of vector
  /// instructions.
  public let readRounds:
    @Sendable (
      UnsafePointer<Scalar>, _ vectorCount: Int, _ rounds: Int, _ value: UnsafeMutablePointer<Scalar>
    ) -> Void
  /// Performs that many rounds of independent multiply-adds in registers, and returns how many
  /// floating-point operations one round has, together with a value that depends on all of them.
  public let multiplyAddRounds: @Sendable (Int) -> (operationsPerRound: Int, value: Scalar)

  /// The kernels, specialized on lanes and tiling in the module that names them, for whose
  /// instructions they are compiled.
  @inlinable @inline(__always)
  public init<L: Lanes, let tileRows: Int, let panelVectors: Int>(
    lanes: L.Type, tiling: Tiling<tileRows, panelVectors>
  ) where L.Scalar == Scalar {
    laneCount = L.count
    panelWidth = panelVectors * L.count
    pack = { VectorKernels.pack($0, into: $1, lanes: L.self, tiling: tiling) }
    multiply = { VectorKernels.multiply($0, lanes: L.self, tiling: tiling) }
    activate = { VectorKernels.activate($0, $1, $2, lanes: L.self) }
    scaleByDerivative = { VectorKernels.scaleByDerivative(of: $0, $1, $2, $3, lanes: L.self) }
    addRows = { VectorKernels.addRows($0, rows: $1, columns: $2, rowStride: $3, to: $4, lanes: L.self) }
    softmax = SoftmaxKernels(lanes: L.self)
    readRounds = { $3.pointee = VectorKernels.readRounds($0, vectorCount: $1, rounds: $2, lanes: L.self) }
    multiplyAddRounds = { VectorKernels.multiplyAddRounds($0, lanes: L.self, tiling: tiling) }
  }
}
