/// The entry points that one instruction set offers for one scalar type.
///
/// The modules `VectorKernels…` each hand out one table for `Float` and one for `Double`. An entry
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
  /// Multiplies `count` contiguous scalars by an activation's derivative where it had these outputs. See
  /// ``scaleByDerivative(of:_:_:_:lanes:)``.
  public let scaleByDerivative:
    @Sendable (Activation, UnsafeMutablePointer<Scalar>, _ outputs: UnsafePointer<Scalar>, Int) -> Void
  /// Adds the rows of a matrix to a vector. See ``addRows(_:rows:columns:rowStride:to:lanes:)``.
  public let addRows:
    @Sendable (
      UnsafePointer<Scalar>, _ rows: Int, _ columns: Int, _ rowStride: Int, UnsafeMutablePointer<Scalar>
    ) -> Void
  /// Reads a buffer of so many vectors that many times, and returns a value that depends on every
  /// load. See ``readRounds(_:vectorCount:rounds:lanes:)``.
  public let readRounds: @Sendable (UnsafePointer<Scalar>, _ vectorCount: Int, _ rounds: Int) -> Scalar
  /// Performs that many rounds of independent multiply-adds in registers, and returns how many
  /// floating-point operations one round has, together with a value that depends on all of them.
  public let multiplyAddRounds: @Sendable (Int) -> (operationsPerRound: Int, value: Scalar)

  @inlinable
  public init(
    laneCount: Int,
    panelWidth: Int,
    pack: @escaping @Sendable (PackingSource<Scalar>, UnsafeMutablePointer<Scalar>) -> Void,
    multiply: @escaping @Sendable (Product<Scalar>) -> Void,
    activate: @escaping @Sendable (Activation, UnsafeMutablePointer<Scalar>, Int) -> Void,
    scaleByDerivative:
      @escaping @Sendable (Activation, UnsafeMutablePointer<Scalar>, UnsafePointer<Scalar>, Int) -> Void,
    addRows:
      @escaping @Sendable (
        UnsafePointer<Scalar>, Int, Int, Int, UnsafeMutablePointer<Scalar>
      ) -> Void,
    readRounds:
      @escaping @Sendable (UnsafePointer<Scalar>, _ vectorCount: Int, _ rounds: Int) -> Scalar,
    multiplyAddRounds: @escaping @Sendable (Int) -> (operationsPerRound: Int, value: Scalar)
  ) {
    self.laneCount = laneCount
    self.panelWidth = panelWidth
    self.pack = pack
    self.multiply = multiply
    self.activate = activate
    self.scaleByDerivative = scaleByDerivative
    self.addRows = addRows
    self.readRounds = readRounds
    self.multiplyAddRounds = multiplyAddRounds
  }
}
