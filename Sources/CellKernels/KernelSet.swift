import VectorKernels

/// All that one instruction set offers.
public struct KernelSet: Sendable {
  public let float: KernelTable<Float>
  public let double: KernelTable<Double>
  public let floatCells: CellTable<Float>
  public let doubleCells: CellTable<Double>
  public let narrow: NarrowTable<Float>

  /// The kernels, specialized on lanes and tiling in the module that names them, for whose
  /// instructions they are compiled. `wide` are the lanes of units that are computed side by side: no
  /// more than a block has, and where a block has more than a vector, two.
  @inlinable @inline(__always)
  public init<
    F: NarrowLanes, D: Lanes, WideF: Lanes, WideD: Lanes, let tileRows: Int, let panelVectors: Int
  >(
    _: F.Type, _: D.Type, wide: WideF.Type, _: WideD.Type, tiling: Tiling<tileRows, panelVectors>
  ) where D.Scalar == Double, WideF.Scalar == Float, WideD.Scalar == Double {
    float = KernelTable(lanes: F.self, tiling: tiling)
    double = KernelTable(lanes: D.self, tiling: tiling)
    floatCells = CellTable(lanes: F.self, wide: WideF.self, tiling: tiling)
    doubleCells = CellTable(lanes: D.self, wide: WideD.self, tiling: tiling)
    narrow = NarrowTable(lanes: F.self, tiling: tiling)
  }

  /// The kernels that a function writes into memory for them.
  public init(writtenBy write: (UnsafeMutableRawPointer) -> Void) {
    let target = UnsafeMutablePointer<KernelSet>.allocate(capacity: 1)
    defer { target.deallocate() }
    write(target)
    self = target.move()
  }
}
