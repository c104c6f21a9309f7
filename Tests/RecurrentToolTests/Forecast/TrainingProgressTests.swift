import Testing

@testable import Recurrent
@testable import RecurrentTool

@Suite("the progress of a training")
struct TrainingProgressTests {
  /// What is written while 50 epochs of 20 steps pass, 40 ms each.
  private func course(columns: Int?, completed: Int = 0) -> [String] {
    var written: [String] = []
    var time = ContinuousClock.now
    let progress = TrainingProgress(columns: { columns }, now: { time }, write: { written.append($0) })
    progress.begin(epochs: 50, completed: completed, stepsPerEpoch: 20)
    for epoch in (completed + 1)...50 {
      time += .milliseconds(40)
      progress.show(
        EpochReport(
          epoch: epoch, step: 20 * epoch, loss: 1 / Double(epoch), validationLoss: 0.5, learningRate: 1))
    }
    progress.end()
    return written
  }

  @Test("is five plain lines where nobody watches a terminal")
  func plain() {
    let lines = course(columns: nil)
    #expect(lines.count == 5)
    #expect(lines.first == "epoch 10/50  loss 0.1       validation 0.5       500 steps/s  2 s left\n")
    #expect(lines.last == "epoch 50/50  loss 0.02      validation 0.5       500 steps/s  0 s left\n")
  }

  @Test("tells what a resumed training has left, and its own speed")
  func resumed() {
    let lines = course(columns: nil, completed: 30)
    #expect(
      lines == [
        "resumed after epoch 30 of 50\n",
        "epoch 40/50  loss 0.025     validation 0.5       500 steps/s  1 s left\n",
        "epoch 50/50  loss 0.02      validation 0.5       500 steps/s  0 s left\n",
      ])
  }

  @Test("tells times as a person reads them")
  func durations() {
    #expect(
      [0, 0.2, 59, 59.5, 119, 3600, 7325].map(TrainingProgress.duration) == [
        "0 s", "1 s", "59 s", "1:00 min", "1:59 min", "1:00 h", "2:02 h",
      ])
  }

  @Test(
    "is one line on a terminal, which it never fills, drawn ten times a second at most",
    arguments: [20, 72, 100, 300])
  func bar(columns: Int) {
    let drawings = course(columns: columns)
    #expect(drawings.last == "\n" && drawings.count <= 2 + 2000 / 100)
    for drawing in drawings.dropLast() {
      #expect(drawing.hasPrefix("\r") && drawing.hasSuffix("\u{1B}[K") && !drawing.contains("\n"))
      #expect(drawing.count - 4 < columns)
    }
    guard columns >= 100 else { return }
    let room =
      columns == 100
      ? 100 - 4 - "epoch 50/50  loss 0.02      validation 0.5       500 steps/s  0 s left".count : 30
    #expect(drawings[drawings.count - 2].contains("[\(String(repeating: "#", count: room))] epoch 50/50 "))
    #expect(drawings[0].contains("[...."))
  }
}
