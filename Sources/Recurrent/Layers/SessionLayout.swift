internal import VectorKernels

/// Where the parts of a session's state are: of one layer after the other, h `[P]` and the cell
/// state `[H]`.
struct SessionLayout: Sendable, Equatable {
  let layerCount: Int
  /// P.
  let stateSize: Int
  /// H; 0 for cells that carry no cell state.
  let cellStateSize: Int
  /// The scalars from one session to the next: whole cache lines, so that threads that step
  /// neighbours never write to the same one.
  let stride: Int

  init(_ sizes: StackSizes, scalarSize: Int) {
    layerCount = sizes.layerCount
    stateSize = sizes.stateSize
    cellStateSize = sizes.kind.carriesMemory ? sizes.hiddenSize : 0
    let line = Processor.cacheLineBytes / scalarSize
    stride = (layerCount * (stateSize + cellStateSize) + line - 1) / line * line
  }

  /// Where a layer's h begins.
  @inline(__always)
  func hidden(ofLayer layer: Int) -> Int { layer * (stateSize + cellStateSize) }

  /// Where a layer's cell state begins.
  @inline(__always)
  func cellState(ofLayer layer: Int) -> Int { hidden(ofLayer: layer) + stateSize }
}
