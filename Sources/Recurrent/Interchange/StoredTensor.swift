internal import VectorKernels

/// A tensor as a safetensors file has it.
struct StoredTensor<Scalar: TensorScalar> {
  /// The numbers in the order of the file.
  enum Numbers {
    case scalars([Scalar])
    case halves([UInt16])
    case bytes([UInt8])
  }

  let name: String
  let type: ElementType
  let shape: Shape
  let numbers: Numbers

  var byteCount: Int {
    switch numbers {
    case .scalars(let scalars): scalars.count * MemoryLayout<Scalar>.size
    case .halves(let halves): 2 * halves.count
    case .bytes(let bytes): bytes.count
    }
  }

  /// The tensor in its own numbers.
  init(_ name: String, _ tensor: Tensor<Scalar>) {
    self.init(name: name, type: Scalar.elementType, shape: tensor.shape, numbers: .scalars(tensor.scalars))
  }

  private init(name: String, type: ElementType, shape: Shape, numbers: Numbers) {
    self.name = name
    self.type = type
    self.shape = shape
    self.numbers = numbers
  }

  /// What follows a matrix's name in that of its scales.
  static var scaleSuffix: String { "_scale" }

  /// A tensor in a format: matrices in numbers of it, those of whole numbers with the scales of
  /// their rows behind them, and every other tensor as it is.
  ///
  /// - Throws: `invalidValue` where the scalars cannot be rounded to the format.
  static func stored(
    _ name: String, _ tensor: Tensor<Scalar>, as format: WeightFormat
  ) throws(RecurrentError) -> [StoredTensor] {
    guard format != .float, tensor.shape.rank == 2, tensor.shape.elementCount > 0 else {
      return [StoredTensor(name, tensor)]
    }
    guard let kernels = Scalar._operations.narrow(.widest)?.kernels(of: format) else {
      throw .invalidValue(
        argument: "weights", expected: "tensors of Float for \(format.rawValue)", actual: Scalar.name)
    }
    if format == .int8, let place = tensor.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .invalidValue(
        argument: name, expected: "finite weights, to round them to int8",
        actual: "\(tensor.scalars[place]) at \(tensor.shape.indices(ofElement: place))")
    }
    let (rows, depth) = (tensor.shape[0], tensor.shape[1])
    var scales: [Scalar] = []
    let bits = tensor.scalars.withUnsafeBufferPointer { weights in
      [UInt16](unsafeUninitializedCapacity: weights.count) { bits, count in
        scales = [Scalar](unsafeUninitializedCapacity: rows) { scales, scaleCount in
          guard let weights = weights.baseAddress, let bits = bits.baseAddress,
            let scales = scales.baseAddress
          else { return }
          kernels.encode(weights, rows, depth, bits, scales)
          scaleCount = rows
        }
        count = weights.count
      }
    }
    guard format == .int8 else {
      return [StoredTensor(name: name, type: .bfloat16, shape: tensor.shape, numbers: .halves(bits))]
    }
    return [
      StoredTensor(
        name: name, type: .int8, shape: tensor.shape,
        numbers: .bytes(bits.map { UInt8(truncatingIfNeeded: $0) })),
      StoredTensor(
        name: name + scaleSuffix, type: Scalar.elementType, shape: [rows], numbers: .scalars(scales)),
    ]
  }
}
