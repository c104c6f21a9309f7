internal import CPUFeatures
internal import Dispatch
internal import Synchronization

/// One thread that waits for work.
///
/// After its work it spins for a moment, since in a loop over calls the next one is near, and then
/// sleeps.
final class Worker: @unchecked Sendable {
  private enum State: Int, AtomicRepresentable {
    case awake
    case asleep
    case working
  }

  private let state = Atomic(State.awake)
  private let alarm = DispatchSemaphore(value: 0)
  /// Written by the caller before the state becomes `working`, read and cleared by the worker
  /// before it ends to be.
  private var job: Job?

  private struct Job {
    let body: (Int) -> Void
    let number: Int
    let taken: UnsafeBufferPointer<Int32>
  }

  /// The processor on which the worker began its last job.
  private let processor = Atomic(Int32(-1))

  private let preemptions = Atomic(0)

  /// How often the worker lost its processor to another thread during its last job.
  var lastPreemptions: Int { preemptions.load(ordering: .relaxed) }

  /// The processor on which the worker began its last job; −1 before, or where the system does not
  /// tell.
  var lastProcessor: Int32 { processor.load(ordering: .relaxed) }

  /// Starts a thread; `nil` where the system has none left.
  static func start() -> Worker? {
    let worker = Worker()
    // The thread lives as long as the process, and keeps its worker.
    let argument = Unmanaged.passRetained(worker)
    let isStarted = cpu_start_thread(
      { raw in
        guard let raw else { return }
        Unmanaged<Worker>.fromOpaque(raw).takeUnretainedValue().loop()
      }, argument.toOpaque())
    if !isStarted { argument.release() }
    return isStarted ? worker : nil
  }

  /// Gives the worker its work; it must be idle.
  ///
  /// - Parameters:
  ///   - body: The work.
  ///   - number: What `body` is called with.
  ///   - taken: The processors that belong to other threads of the group.
  func begin(
    _ body: @escaping (Int) -> Void, as number: Int, besides taken: UnsafeBufferPointer<Int32>
  ) {
    job = Job(body: body, number: number, taken: taken)
    if state.exchange(.working, ordering: .acquiringAndReleasing) == .asleep { alarm.signal() }
  }

  /// Waits until the worker has done its work.
  func finish() {
    var spin = SpinWait()
    while state.load(ordering: .acquiring) == .working { spin.once() }
  }

  private func loop() {
    while true {
      waitForWork()
      work()
      state.store(.awake, ordering: .releasing)
    }
  }

  /// A function of its own, so that no reference to the job is left when the caller hears that it
  /// is done.
  @inline(never)
  private func work() {
    guard let job else { return }
    self.job = nil
    cpu_leave(job.taken.baseAddress, job.taken.count)
    processor.store(cpu_current(), ordering: .relaxed)
    let before = cpu_preemptions()
    job.body(job.number)
    preemptions.store(cpu_preemptions() - before, ordering: .relaxed)
  }

  private func waitForWork() {
    var spin = SpinWait()
    while state.load(ordering: .acquiring) != .working {
      guard spin.isOver else {
        spin.once()
        continue
      }
      let (fellAsleep, _) = state.compareExchange(
        expected: .awake, desired: .asleep, ordering: .acquiringAndReleasing)
      if fellAsleep { alarm.wait() }
    }
  }
}
