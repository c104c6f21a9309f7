#if OpenBLAS
  internal import COpenBLAS
#endif

/// The OpenBLAS library that the process has loaded.
///
/// Its number of threads is one setting for the whole process and all its users. Layers leave it
/// alone; whoever owns the process may change it here, or by `OPENBLAS_NUM_THREADS`.
public enum OpenBLASLibrary {
  /// Whether the package was built with the trait `OpenBLAS`.
  public static var isLinked: Bool {
    #if OpenBLAS
      true
    #else
      false
    #endif
  }

  /// Version and build options in OpenBLAS's own words; `nil` in a build without it.
  public static var configuration: String? {
    #if OpenBLAS
      openblas_get_config().map { String(cString: $0) }
    #else
      nil
    #endif
  }

  /// The processor whose kernels OpenBLAS has picked; `nil` in a build without it.
  public static var coreName: String? {
    #if OpenBLAS
      openblas_get_corename().map { String(cString: $0) }
    #else
      nil
    #endif
  }

  /// The number of threads that OpenBLAS uses in this process; `nil` in a build without it.
  public static var threadCount: Int? {
    #if OpenBLAS
      Int(openblas_get_num_threads())
    #else
      nil
    #endif
  }

  /// Changes the number of threads that OpenBLAS uses in this process, for all its users.
  ///
  /// - Parameter count: The number of threads, 1 to 1024. OpenBLAS may limit it further.
  /// - Throws: ``RecurrentError/backendUnavailable(_:reason:)`` in a build without OpenBLAS,
  ///   ``RecurrentError/invalidSize(argument:expected:actual:)`` for a number out of range.
  public static func setThreadCount(_ count: Int) throws(RecurrentError) {
    guard (1...1024).contains(count) else {
      throw .invalidSize(argument: "threadCount", expected: "1 to 1024", actual: count)
    }
    #if OpenBLAS
      openblas_set_num_threads(Int32(count))
    #else
      throw .backendUnavailable(.openBLAS, reason: Backend.notLinked)
    #endif
  }
}
