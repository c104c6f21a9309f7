/// What a forward pass saves for the backward pass; the rows of all time steps one after the other.
struct SavedActivations<Scalar: TensorScalar>: @unchecked Sendable {
  /// The outputs of the layers below the last, `[L − 1, N, D·P]`.
  let outputs: AlignedBuffer<Scalar>
  /// What the layers above took of them; `nil` where that is the same.
  let dropped: DroppedInputs<Scalar>?
  /// What cells with gates save.
  let gates: SavedGates<Scalar>?
  /// N · D·P.
  private let layerSize: Int
  /// The owners of the memory of the two.
  private let buffers: [AlignedBuffer<Scalar>]

  /// Takes memory for the pass of a call.
  init(_ call: borrowing StackCall<Scalar>) {
    let (stack, count) = (call.stack, call.schedule.packedRowCount)
    layerSize = count * stack.outputSize
    outputs = AlignedBuffer(count: (stack.layerCount - 1) * layerSize)
    var buffers: [AlignedBuffer<Scalar>] = []
    func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
      let buffer = AlignedBuffer<Scalar>(count: count)
      buffers.append(buffer)
      return buffer.base
    }
    if let noise = call.noise, noise.dropsInputs, stack.layerCount > 1 {
      dropped = DroppedInputs(
        noise: noise, base: take((stack.layerCount - 1) * layerSize), features: stack.outputSize,
        packedRowCount: count, packedRowsBefore: call.packedRowsBefore)
    } else {
      dropped = nil
    }
    if stack.kind.hasFormula {
      let (cells, hiddenSize) = (stack.cellCount * count, stack.hiddenSize)
      let (width, savedWidth) = (call.ready.layout.width, call.ready.savedWidth)
      gates = SavedGates(
        gates: take(cells * width), cellStates: take(cells * hiddenSize),
        unprojected: stack.projectionSize == nil ? nil : take(cells * hiddenSize),
        kept: take(cells * savedWidth), packedRowCount: count, hiddenSize: hiddenSize, width: width,
        savedWidth: savedWidth)
    } else {
      gates = nil
    }
    self.buffers = buffers
  }

  /// The output of a layer below the last, `[N, D·P]`.
  func output(ofLayer layer: Int) -> UnsafePointer<Scalar> {
    UnsafePointer(outputs.base + layer * layerSize)
  }

  /// What a layer above the first took, `[N, D·P]`.
  func input(ofLayer layer: Int) -> UnsafePointer<Scalar> {
    dropped.map { UnsafePointer($0.inputs(ofLayer: layer).base) } ?? output(ofLayer: layer - 1)
  }
}
