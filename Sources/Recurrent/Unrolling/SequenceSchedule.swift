// Every batch of sequences is packed; a batch of equal lengths is the case where every step has the
// same rows.
//
// Rows are sequences, the longest first. Step t has the rows whose sequences are longer than t: the
// first so many. The rows of all steps stand one step after the other, N in all.
//
// A run is the steps with equal rows between which every state flows on. Where a run ends, the
// states of its rows stand in the memory of the final states, and there the next run finds its own:
// those that have come so far, and the initial ones of rows that begin with it. A row that ends
// leaves its final state behind, and one without any steps its initial state. The same holds in
// reverse, where rows join instead of leaving.

/// The order in which steps are computed.
enum TimeDirection: Sendable, Equatable {
  case forward
  case reverse
}

/// Which rows take part in which steps of a pass.
struct SequenceSchedule: Sendable, Equatable {
  /// T.
  let stepCount: Int
  /// B, those without steps included.
  let rowCount: Int
  /// N, the rows of all steps.
  let packedRowCount: Int
  /// In the order of time; empty for the one run of a batch of equal lengths, which takes no
  /// memory.
  private let runs: [Run]

  private struct Run: Sendable, Equatable {
    var steps: Range<Int>
    /// The rows of each step.
    var rows: Int
    /// The packed rows before the first step.
    var packedRow: Int
    /// The rows to which nothing flows from the step before the first, and from which nothing flows
    /// back.
    var resetRows: [Int]
  }

  /// A batch of equal lengths.
  init(steps: Int, rows: Int) {
    stepCount = steps
    rowCount = rows
    packedRowCount = steps * rows
    runs = []
  }

  /// A batch of unequal lengths.
  ///
  /// - Parameters:
  ///   - batchSizes: The rows of each step, none more than the step before has.
  ///   - rowCount: B.
  ///   - resets: The rows that are reset at a step, by step.
  init(batchSizes: [Int], rowCount: Int, resets: [Int: [Int]] = [:]) {
    stepCount = batchSizes.count
    self.rowCount = rowCount
    var runs: [Run] = []
    var packedRow = 0
    for (step, rows) in batchSizes.enumerated() {
      let resetRows = (resets[step] ?? []).filter { $0 < rows }
      if let last = runs.indices.last, runs[last].rows == rows, resetRows.isEmpty {
        runs[last].steps = runs[last].steps.lowerBound..<(step + 1)
      } else {
        runs.append(Run(steps: step..<(step + 1), rows: rows, packedRow: packedRow, resetRows: resetRows))
      }
      packedRow += rows
    }
    packedRowCount = packedRow
    let isWhole = runs.count == 1 && runs[0].rows == rowCount && runs[0].resetRows.isEmpty
    self.runs = isWhole ? [] : runs
  }

  /// Whether states flow through the memory of the final states alone, which must hold the initial
  /// ones before the pass.
  var passesStatesThroughFinal: Bool { !runs.isEmpty || stepCount == 0 }

  private var runCount: Int { max(1, runs.count) }

  private func run(_ index: Int) -> Run {
    runs.isEmpty ? Run(steps: 0..<stepCount, rows: rowCount, packedRow: 0, resetRows: []) : runs[index]
  }

  /// The part of the schedule that some steps are, and the packed rows before it.
  func part(_ steps: Range<Int>) -> (schedule: SequenceSchedule, packedRow: Int) {
    guard !runs.isEmpty else {
      return (SequenceSchedule(steps: steps.count, rows: rowCount), steps.lowerBound * rowCount)
    }
    var sizes: [Int] = []
    var resets: [Int: [Int]] = [:]
    var packedRow = 0
    for run in runs {
      let common = run.steps.clamped(to: steps)
      packedRow += run.rows * (run.steps.clamped(to: 0..<steps.lowerBound).count)
      guard !common.isEmpty else { continue }
      if run.steps.lowerBound == common.lowerBound, !run.resetRows.isEmpty {
        resets[sizes.count] = run.resetRows
      }
      sizes += Array(repeating: run.rows, count: common.count)
    }
    return (SequenceSchedule(batchSizes: sizes, rowCount: rowCount, resets: resets), packedRow)
  }

  /// One of `count` parts of the rows with nearly equal numbers of steps.
  func rows(ofPart index: Int, of count: Int) -> Range<Int> {
    guard !runs.isEmpty else { return (0..<rowCount).part(index, of: count) }
    return boundary(index, of: count)..<boundary(index + 1, of: count)
  }

  /// The row before which `index` of `count` parts of all steps stand.
  private func boundary(_ index: Int, of count: Int) -> Int {
    guard index < count else { return rowCount }
    var lengths = [Int](repeating: 0, count: rowCount)
    for run in runs { for row in 0..<run.rows { lengths[row] += run.steps.count } }
    var (row, steps) = (0, 0)
    while row < rowCount, (steps + lengths[row] / 2) * count < packedRowCount * index {
      steps += lengths[row]
      row += 1
    }
    return row
  }

  /// Calls `body` with every chunk of some rows.
  ///
  /// - Parameters:
  ///   - rows: The rows, of which a step may have fewer.
  ///   - direction: The order of the steps.
  ///   - stepsPerChunk: The steps of a chunk of all the rows; a chunk of fewer rows has more.
  ///   - backwards: Whether the last chunk comes first, for the backward pass.
  ///   - body: Is called in the order of the direction.
  @inline(__always)
  func forEachChunk(
    of rows: Range<Int>, _ direction: TimeDirection, stepsPerChunk: Int, backwards: Bool = false,
    _ body: (SequenceChunk) -> Void
  ) {
    for place in 0..<runCount {
      let index = (direction == .forward) == backwards ? runCount - 1 - place : place
      let run = run(index)
      let common = rows.clamped(to: 0..<run.rows)
      guard !common.isEmpty else { continue }
      let most = max(1, stepsPerChunk * rows.count / common.count)
      let count = (run.steps.count + most - 1) / most
      for number in 0..<count {
        let first = (backwards ? count - 1 - number : number) * most
        let end = min(first + most, run.steps.count)
        let steps = direction == .forward ? first..<end : (run.steps.count - end)..<(run.steps.count - first)
        body(
          SequenceChunk(
            steps: (run.steps.lowerBound + steps.lowerBound)..<(run.steps.lowerBound + steps.upperBound),
            rows: common, rowsPerStep: run.rows, packedRow: run.packedRow + steps.lowerBound * run.rows,
            direction: direction, entry: first == 0 ? entry(to: index, direction) : nil))
      }
    }
  }

  /// What lies before a run in the order of a direction.
  @inline(__always)
  private func entry(to index: Int, _ direction: TimeDirection) -> SequenceChunk.Entry {
    let before = direction == .forward ? index - 1 : index + 1
    guard (0..<runCount).contains(before) else {
      // The reset of a first step is that of the initial state; nothing lies behind a last one.
      return SequenceChunk.Entry(resetRows: direction == .forward ? run(index).resetRows : [], before: nil)
    }
    let neighbour = run(before)
    return SequenceChunk.Entry(
      resetRows: direction == .forward ? run(index).resetRows : neighbour.resetRows,
      before: SequenceChunk.Neighbour(
        packedRow: direction == .forward
          ? neighbour.packedRow + (neighbour.steps.count - 1) * neighbour.rows : neighbour.packedRow,
        rows: neighbour.rows))
  }
}

/// Some steps of a run, computed at once.
struct SequenceChunk {
  /// Another step.
  struct Neighbour {
    /// The packed rows before it.
    var packedRow: Int
    var rows: Int
  }

  /// What lies before the first chunk of a run.
  struct Entry {
    /// The rows that are reset with it.
    var resetRows: [Int]
    /// The step that is computed before; `nil` at the begin of the sequence.
    var before: Neighbour?
  }

  /// In the order of time.
  let steps: Range<Int>
  /// The rows that are computed.
  let rows: Range<Int>
  /// The rows of each step, of which those may be a part.
  let rowsPerStep: Int
  /// The packed rows before the steps.
  let packedRow: Int
  let direction: TimeDirection
  /// What lies before the chunk; `nil` within a run.
  let entry: Entry?

  /// N of the chunk: the rows of its steps.
  var packedRowCount: Int { steps.count * rowsPerStep }

  /// The place in memory of the step that is computed as the `number`th.
  @inline(__always)
  func place(ofStep number: Int) -> Int { direction == .forward ? number : steps.count - 1 - number }
}

/// A sequence in memory, as a pass finds all its steps.
struct SequenceMemory<Scalar> {
  let base: UnsafeMutablePointer<Scalar>
  /// The distance of two rows that stand together: their features, or those of both directions.
  let rowStride: Int
  /// Batch-major: the steps of each row, which stand together. `nil` where the rows of a step do.
  let stepsPerRow: Int?

  init(_ base: UnsafeMutablePointer<Scalar>, rowStride: Int, stepsPerRow: Int? = nil) {
    self.base = base
    self.rowStride = rowStride
    self.stepsPerRow = stepsPerRow
  }

  /// The same rows from a feature on.
  func from(feature: Int) -> SequenceMemory {
    SequenceMemory(base + feature, rowStride: rowStride, stepsPerRow: stepsPerRow)
  }

  /// The rows of a chunk, the step first that is computed first.
  @inline(__always)
  func view(of chunk: SequenceChunk) -> SequenceView<Scalar> {
    let stepStride = stepsPerRow == nil ? chunk.rowsPerStep * rowStride : rowStride
    let distance = (stepsPerRow ?? 1) * rowStride
    let first =
      stepsPerRow == nil
      ? base + (chunk.packedRow + chunk.rows.lowerBound) * rowStride
      : base + (chunk.steps.lowerBound * rowStride + chunk.rows.lowerBound * distance)
    return SequenceView(
      base: first, steps: chunk.steps.count, stepStride: stepStride, rowStride: distance, chunk.direction)
  }
}
