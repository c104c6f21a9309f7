import Testing
@testable import VectorKernels

@testable import Recurrent

/// Which plan and which tiles a shape gets is that of the revision that wrote its files: a change
/// of structure changes no speed.
@Suite struct GoldenPlansTests {
  private static let shapes: [ForwardShape] = {
    var generator = SeededGenerator(seed: 500)
    func draw(_ sizes: [Int]) -> Int {
      let size = sizes.randomElement(using: &generator) ?? 1
      return Bool.random(using: &generator) ? size : Int.random(in: (size + 1) / 2...size, using: &generator)
    }
    return (0..<500).map { _ in
      let hiddenSize = draw([4, 8, 16, 20, 32, 64, 100, 128, 256, 512, 1024, 2048])
      return ForwardShape(
        steps: draw([1, 10, 100, 1000]), rows: draw([1, 1, 2, 4, 8, 16, 32, 64, 256]),
        inputSize: draw([1, 16, 64, 100, 512, 1024]), hiddenSize: hiddenSize, layerCount: draw([1, 1, 2, 4]),
        scalarSize: draw([4, 4, 8]) > 4 ? 8 : 4,
        gateCount: [1, 3, 4].randomElement(using: &generator) ?? 1,
        projectionSize: hiddenSize > 3 && Int.random(in: 0..<8, using: &generator) == 0 ? hiddenSize / 2 : nil
      )
    }
  }()

  @Test("plans of both passes are the same, for 1 to 16 threads")
  func plans() throws {
    let lines = Self.shapes.map { shape in
      let plans = [1, 2, 4, 16].map { threads in
        let panelWidth = shape.scalarSize == 4 ? 16 : 8
        let forward = ForwardPlan(
          shape, backend: .swift, panelWidth: panelWidth, threadCount: threads,
          nanosecondsPerBarrier: { 150 })
        let backward = BackwardPlan(
          shape, backend: .swift, panelWidth: panelWidth, threadCount: threads,
          nanosecondsPerBarrier: { 150 })
        return """
          \(forward.split) \(forward.threadCount) \(forward.stepsPerChunk), \
          \(backward.split) \(backward.threadCount) \(backward.stepsPerChunk)
          """
      }
      return "\(name(shape)): \(plans.joined(separator: "; "))"
    }
    try GoldenFile(name: "golden-plans.txt").compare(lines)
  }

  @Test("tiles are the same, for every instruction set")
  func tiles() throws {
    let lines = Self.shapes.map { shape in
      let columns = shape.gateCount * shape.hiddenSize
      func tile<let rows: Int, let panelVectors: Int>(_: Tiling<rows, panelVectors>, bytes: Int) -> String {
        let tile = TileShape<rows, panelVectors>(
          rows: shape.rows, vectors: (columns * shape.scalarSize + bytes - 1) / bytes,
          weightBytes: shape.hiddenSize * columns * shape.scalarSize, iterations: shape.steps)
        return "\(tile.rows)×\(tile.vectors)"
      }
      // Those of SSE2, AVX2 and AVX-512.
      let tiles = [
        tile(Tiling<2, 4>(), bytes: 16), tile(Tiling<6, 2>(), bytes: 32), tile(Tiling<6, 4>(), bytes: 64),
      ]
      return "\(name(shape)): \(tiles.joined(separator: " "))"
    }
    try GoldenFile(name: "golden-tiles.txt").compare(lines)
  }

  private func name(_ shape: ForwardShape) -> String {
    let projection = shape.projectionSize.map { " P \($0)" } ?? ""
    return """
      T \(shape.steps) B \(shape.rows) I \(shape.inputSize) H \(shape.hiddenSize) L \(shape.layerCount) \
      G \(shape.gateCount)\(projection) \(shape.scalarSize)
      """
  }
}
