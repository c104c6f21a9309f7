import Foundation
import RecurrentTestSupport
import Testing

@testable import Recurrent

/// Every arrangement of rows in which a pass hands chunks of sequences to an engine, replayed
/// against the definition.
@Suite struct EmittedRowsTests {
  /// The sequences of a pass, and the part of them that a thread has.
  struct Arrangement: Sendable, CustomTestStringConvertible {
    let schedule: SequenceSchedule
    let direction: TimeDirection
    let isBatchFirst: Bool
    let rows: Range<Int>
    let stepsPerChunk: Int
    /// Where what is written goes.
    let target: Target

    enum Target: String, CaseIterable {
      /// The place of the whole sequence.
      case sequence
      /// The same, where rows have the features of another direction too, before and behind.
      case besideAnother
      /// Memory of its own, a chunk at a time.
      case scratch
    }

    var testDescription: String {
      "\(schedule.stepCount) steps of \(schedule.rowCount) rows, \(schedule.packedRowCount) in all, \(direction), "
        + "\(isBatchFirst ? "batch-first" : "time-major"), rows \(rows), \(stepsPerChunk) steps in a chunk"
        + ", \(target.rawValue)"
    }
  }

  static let arrangements: [Arrangement] = {
    let equal = [(1, 1), (1, 3), (2, 1), (3, 1), (3, 2), (4, 7)].map { SequenceSchedule(steps: $0, rows: $1) }
    let packed = [[2, 1], [2, 1, 1], [3, 1, 1, 1], [3, 3, 2, 2, 1, 1], [1, 1]].flatMap { sizes in
      [sizes[0], sizes[0] + 1].map { SequenceSchedule(batchSizes: sizes, rowCount: $0) }
    }
    let cut = [SequenceSchedule(batchSizes: [2, 2, 2, 2], rowCount: 2, resets: [1: [0], 3: [0, 1]])]
    return (equal + packed + cut).flatMap { schedule in
      [TimeDirection.forward, .reverse].flatMap { direction in
        [false, true].filter { !$0 || equal.contains(schedule) }.flatMap { isBatchFirst in
          Set([
            0..<schedule.rowCount, (0..<schedule.rowCount).part(0, of: 2),
            (0..<schedule.rowCount).part(1, of: 2),
          ])
          .sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }.flatMap { rows in
            [1, 2, schedule.stepCount].flatMap { stepsPerChunk in
              Arrangement.Target.allCases.map { target in
                Arrangement(
                  schedule: schedule, direction: direction, isBatchFirst: isBatchFirst, rows: rows,
                  stepsPerChunk: stepsPerChunk, target: target)
              }
            }
          }
        }
      }
    }
  }()

  @Test(
    "products and chains over the chunks of a sequence are those of the definition", arguments: arrangements)
  func replayed(_ arrangement: Arrangement) throws {
    for engine in LayerEngine.all {
      try Replay<Float>(arrangement, engine).check()
      try Replay<Double>(arrangement, engine).check()
    }
  }
}

/// One arrangement on one engine: X [N, 3] and C [N, 5].
private struct Replay<Scalar: TensorScalar> {
  private let depth = 3
  private let width = 5
  private let arrangement: EmittedRowsTests.Arrangement
  private let name: String
  private let engine: MatrixEngine<Scalar>
  private let input: PreparedMatrix<Scalar>
  private let recurrent: PreparedMatrix<Scalar>
  private let v: [Scalar]
  private let b: [Scalar]
  private let start: [Scalar]
  private let x: [Scalar]

  init(_ arrangement: EmittedRowsTests.Arrangement, _ engine: LayerEngine) throws {
    self.arrangement = arrangement
    name = "\(engine), \(arrangement.testDescription)"
    self.engine = try MatrixEngine(backend: engine.backend, instructions: engine.instructions)
    var generator = SeededGenerator(seed: 6)
    func draw(_ count: Int) -> [Scalar] {
      Tensor<Scalar>.uniform([count], in: -0.5...0.5, using: &generator).scalars
    }
    (v, b, start) = (draw(5 * 3), draw(5 * 5), draw(5))
    x = draw(arrangement.schedule.packedRowCount * 3)
    input = self.engine.prepare(
      v, columns: 5, depth: 3, columnStride: 3, depthStride: 1, start: start)
    recurrent = self.engine.prepare(
      b, columns: 5, depth: 5, columnStride: 5, depthStride: 1, isLatencyBound: true)
  }

  func check() throws {
    let steps = arrangement.isBatchFirst ? arrangement.schedule.stepCount : nil
    var x = x
    x.withUnsafeMutableBufferPointer { x in
      let source = SequenceMemory(x.baseAddress!, rowStride: depth, stepsPerRow: steps)
      arrangement.schedule.forEachChunk(
        of: arrangement.rows, arrangement.direction, stepsPerChunk: arrangement.stepsPerChunk
      ) { chunk in
        checkProduct(source.view(of: chunk), chunk)
        checkChain(source.view(of: chunk), chunk)
      }
    }
  }

  /// Calls `body` with memory for C whose every element is NaN, and expects that it has written its
  /// rows and no others.
  private func withTarget(
    _ chunk: SequenceChunk, _ body: (SequenceView<Scalar>) -> Void
  ) {
    let rowStride = arrangement.target == .besideAnother ? 2 * width + 1 : width
    var c = [Scalar](repeating: .nan, count: arrangement.schedule.packedRowCount * rowStride)
    c.withUnsafeMutableBufferPointer { c in
      let steps = arrangement.isBatchFirst ? arrangement.schedule.stepCount : nil
      let sequence = SequenceMemory(c.baseAddress!, rowStride: rowStride, stepsPerRow: steps)
      let view =
        switch arrangement.target {
        case .sequence: sequence.view(of: chunk)
        case .besideAnother: sequence.from(feature: 3).view(of: chunk)
        case .scratch:
          SequenceView(base: c.baseAddress!, chunk, features: width, batchFirst: arrangement.isBatchFirst)
        }
      body(view)
      let written = c.count { !$0.isNaN }
      #expect(written == chunk.steps.count * chunk.rows.count * width, "\(name)")
    }
  }

  private func checkProduct(_ x: SequenceView<Scalar>, _ chunk: SequenceChunk) {
    let (steps, rows) = (chunk.steps.count, chunk.rows.count)
    withTarget(chunk) { c in
      engine.multiply(
        rows: steps * rows, x.allSteps(steps, rows: rows), by: input.allColumns, from: .prepared,
        into: c.allSteps(steps, rows: rows), then: .identity)
      for step in 0..<steps {
        for row in 0..<rows {
          expect(c, step, row, sums(of: x.from(step: step, row: row).base))
        }
      }
    }
  }

  private func checkChain(_ x: SequenceView<Scalar>, _ chunk: SequenceChunk) {
    let (steps, rows) = (chunk.steps.count, chunk.rows.count)
    var before = [Scalar](repeating: 0.25, count: rows * width)
    before.withUnsafeMutableBufferPointer { before in
      withTarget(chunk) { c in
        engine.multiply(
          rows: rows, iterations: steps, x.allSteps(steps, rows: rows), by: input.allColumns,
          and: MatrixRows(base: before.baseAddress!, rowStride: width), by: recurrent.allColumns,
          into: c.allSteps(steps, rows: rows), then: .hyperbolicTangent)
        for row in 0..<rows {
          var state = [TrackedNumber<Scalar>](repeating: TrackedNumber(0.25), count: width)
          for step in 0..<steps {
            let sums = sums(of: x.from(step: step, row: row).base)
            state = (0..<width).map { column in
              let weights = (0..<width).map { TrackedNumber<Scalar>(Double(b[column * width + $0])) }
              let pairs = zip(weights, state).map { ($0, $1) } + [(sums[column], TrackedNumber(1))]
              return TrackedNumber.sum(ofProducts: pairs).hyperbolicTangent()
            }
            expect(c, step, row, state)
          }
        }
      }
    }
  }

  /// start + V·x of a row.
  private func sums(of x: UnsafeMutablePointer<Scalar>) -> [TrackedNumber<Scalar>] {
    (0..<width).map { column in
      let products = (0..<depth).map { k in
        (TrackedNumber<Scalar>(Double(v[column * depth + k])), TrackedNumber<Scalar>(Double(x[k])))
      }
      return TrackedNumber.sum(
        ofProducts: products + [(TrackedNumber(Double(start[column])), TrackedNumber(1))])
    }
  }

  private func expect(_ c: SequenceView<Scalar>, _ step: Int, _ row: Int, _ expected: [TrackedNumber<Scalar>])
  {
    let actual = c.from(step: step, row: row).base
    for (column, number) in expected.enumerated() {
      let error = (Double(actual[column]) - number.value).magnitude
      #expect(
        error <= number.error,
        "\(name): step \(step), row \(row), column \(column): \(actual[column]), \(number)")
    }
  }
}
