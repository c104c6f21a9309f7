import Recurrent

/// The layer and the sizes of one benchmark.
struct BenchShape: Sendable, CustomStringConvertible {
  var cell = CellKind.rnn
  var steps: Int
  var rows: Int
  var inputSize: Int
  var hiddenSize: Int
  var layerCount: Int
  /// What the weights are rounded to.
  var weights = WeightFormat.float

  /// The shape of the slides' first program.
  static let slides = BenchShape(steps: 10, rows: 3, inputSize: 100, hiddenSize: 20, layerCount: 1)

  /// The slides' shape and four larger ones: streaming, small, and two that fill the caches.
  static let builtIn = [
    slides,
    BenchShape(steps: 100, rows: 1, inputSize: 256, hiddenSize: 256, layerCount: 1),
    BenchShape(steps: 100, rows: 16, inputSize: 128, hiddenSize: 128, layerCount: 2),
    BenchShape(steps: 100, rows: 32, inputSize: 256, hiddenSize: 256, layerCount: 1),
    BenchShape(steps: 50, rows: 64, inputSize: 512, hiddenSize: 512, layerCount: 1),
  ]

  /// The same sizes with other cells.
  func of(_ cell: CellKind) -> BenchShape {
    var shape = self
    shape.cell = cell
    return shape
  }

  /// The same sizes with weights in a format.
  func of(_ weights: WeightFormat) -> BenchShape {
    var shape = self
    shape.weights = weights
    return shape
  }

  /// The bytes of a weight where a product reads it.
  private var weightSize: Int {
    switch weights {
    case .float: MemoryLayout<Float>.stride
    case .bfloat16: 2
    case .int8: 1
    }
  }

  /// The same sizes with other rows.
  func of(rows: Int?) -> BenchShape {
    var shape = self
    shape.rows = rows ?? self.rows
    return shape
  }

  /// G·H, the rows of the weights.
  private var sums: Double { Double(cell.gateCount) * Double(hiddenSize) }

  /// The time steps of one pass.
  func steps(of pass: BenchPass) -> Int { pass.isSingleStep ? 1 : steps }

  /// Floating-point operations of the products of one pass; forward, with I_l = I in the first
  /// layer and H in the others,
  ///
  ///     Σ over layers l of 2·T·B·G·H·(I_l + H)
  ///
  /// with T = 1 where one time step is timed. What cells compute from the sums is not counted: it
  /// grows with H, not with H². Training has each product of the forward pass three times: forward,
  /// for the gradient of its weights, and for the gradient of what they are multiplied with.
  func operations(of pass: BenchPass) -> Double {
    let (h, i) = (Double(hiddenSize), Double(inputSize))
    let forward =
      2 * Double(steps(of: pass)) * Double(rows) * sums * (i + h + Double(layerCount - 1) * 2 * h)
    return forward * (pass == .training ? 3 : 1)
  }

  /// How often a step of a layer reads the recurrent weights: forward, and to carry gradients back.
  func recurrentReads(of pass: BenchPass) -> Double { pass == .training ? 2 : 1 }

  /// Floating-point operations of the recurrent product of one step and layer.
  var recurrentOperationsPerStep: Double {
    2 * Double(rows) * sums * Double(hiddenSize)
  }

  /// The size of the recurrent weights of one layer, in their format.
  var recurrentWeightBytes: Int {
    cell.gateCount * hiddenSize * hiddenSize * weightSize
  }

  /// The size of the weights that a pass reads again and again, in their format: the recurrent ones of
  /// one layer, or all of them where one time step is timed.
  func repeatedWeightBytes(of pass: BenchPass) -> Int {
    guard pass.isSingleStep else { return recurrentWeightBytes }
    let rows = inputSize + hiddenSize + (layerCount - 1) * 2 * hiddenSize
    return cell.gateCount * hiddenSize * rows * weightSize
  }

  /// Whether no tensor has more than 2³¹ elements.
  var isReasonable: Bool {
    let greatest = 2147483648.0
    let sequence = Double(steps) * Double(rows) * max(Double(inputSize), sums)
    let weights = sums * Double(inputSize + 2 * hiddenSize) * Double(layerCount)
    let states = Double(layerCount) * Double(rows) * Double(hiddenSize)
    return sequence <= greatest && weights <= greatest && states <= greatest
  }

  /// What a comparison takes in `Float` at most, by an estimate: the weights, packed for a backend,
  /// in training with their gradients, for the check once more in `Double`; and the same of what
  /// every step of a layer has.
  func byteCount(of pass: BenchPass) -> Double {
    let (h, i, layers) = (Double(hiddenSize), Double(inputSize), Double(layerCount))
    let weights = sums * (i + h + (layers - 1) * 2 * h)
    let steps = Double(steps) * Double(rows) * (i + layers * (sums + h))
    return 4 * (weights + steps) * (pass == .training ? 8 : 4)
  }

  var description: String {
    "T \(steps), B \(rows), I \(inputSize), H \(hiddenSize), L \(layerCount)"
  }
}
