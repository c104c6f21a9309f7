extension Array where Element: TensorScalar {
  /// Creates an array of so many scalars, all of which a closure sets; where there are none, it is
  /// not called.
  @inline(__always)
  init(count: Int, settingAll set: (UnsafeMutablePointer<Element>) -> Void) {
    self.init()
    guard count > 0 else { return }
    #if compiler(>=6.3)
      append(addingCapacity: count) { span in
        span.withUnsafeMutableBufferPointer { buffer, initialized in
          if let base = buffer.baseAddress { set(base) }
          initialized = count
        }
      }
    #else
      // Looks up metadata in the runtime, which takes a third of the time of a small array.
      self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
        if let base = buffer.baseAddress { set(base) }
        initialized = count
      }
    #endif
  }
}
