internal import CPUFeatures
internal import Synchronization

/// An object of this process, which a child that `fork` makes has anew.
///
/// The child has the memory of its parent and one of its threads: workers that it would wait for
/// are gone, and so are the owners of locks that were held. So what has threads or locks, and
/// belongs to the process, is reached through this. What the parent had is left to the child as it
/// was, since it may be half written.
struct ProcessLocal<Value: AnyObject & Sendable>: ~Copyable, Sendable {
  private final class Instance: Sendable {
    let generation: UInt32
    let value: Value

    init(_ generation: UInt32, _ value: Value) {
      self.generation = generation
      self.value = value
    }
  }

  /// A retained reference to the last instance, or 0.
  private let reference = Atomic<UInt>(0)
  private let make: @Sendable () -> Value

  init(_ make: @escaping @Sendable () -> Value) {
    self.make = make
  }

  /// The object of the process that asks.
  var value: Value {
    let generation = cpu_process_generation()
    var found = reference.load(ordering: .acquiring)
    while true {
      if let instance = Self.instance(found), instance.generation == generation { return instance.value }
      let made = Unmanaged.passRetained(Instance(generation, make()))
      let (isStored, other) = reference.compareExchange(
        expected: found, desired: UInt(bitPattern: made.toOpaque()), ordering: .acquiringAndReleasing)
      if isStored { return made.takeUnretainedValue().value }
      made.release()
      found = other
    }
  }

  private static func instance(_ reference: UInt) -> Instance? {
    UnsafeRawPointer(bitPattern: reference).map {
      Unmanaged<Instance>.fromOpaque($0).takeUnretainedValue()
    }
  }
}
