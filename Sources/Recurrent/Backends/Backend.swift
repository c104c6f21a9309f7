/// Who multiplies the matrices.
///
/// Both backends live in every process that was built with the trait `OpenBLAS`, and give the same
/// answer within the bounds of <doc:Numerics>. A backend is a value: set it on a layer, or leave
/// `.automatic`.
public enum Backend: String, Sendable, CaseIterable {
  /// The faster one for the shape at hand; see <doc:Backends> for the rule. `RECURRENT_BACKEND` decides
  /// instead where it is set.
  case automatic
  /// `cblas_sgemm` and its relatives from OpenBLAS.
  case openBLAS = "openblas"
  /// The kernels of this package, in Swift. Results on it depend on nothing but the inputs of a
  /// sequence: not on the threads, not on the rest of the batch.
  case swift

  /// The backends that this build can run: `.swift`, and `.openBLAS` where it is linked.
  public static var available: [Backend] { allCases.filter { $0 != .automatic && $0.isAvailable } }

  /// Whether this build can run the backend.
  public var isAvailable: Bool { self != .openBLAS || OpenBLASLibrary.isLinked }

  /// Why a build without the trait cannot run OpenBLAS.
  static let notLinked = "the package was built without the trait OpenBLAS"

  /// The backend that runs products of this size: this one, or what takes the place of `.automatic`.
  ///
  /// The Swift kernels were faster than OpenBLAS at every measured shape and instruction set, but for one: the
  /// product of a single row with a matrix beyond the second-level cache, which OpenBLAS can share out to threads.
  /// <doc:Backends> has the figures.
  ///
  /// - Parameters:
  ///   - rows: The rows of each recurrent product: B.
  ///   - depth: Its depth: H.
  ///   - threadCount: The threads that the call may use.
  ///   - libraryThreadCount: OpenBLAS's own threads; `nil` without it.
  /// - Returns: `.swift` or `.openBLAS`.
  func resolved(
    rows: Int, depth: Int, threadCount: Int,
    libraryThreadCount: Int? = OpenBLASLibrary.threadCount
  ) -> Backend {
    guard self == .automatic else { return self }
    let sharesOut = threadCount > 1 && (libraryThreadCount ?? 0) > 1
    return sharesOut && rows == 1 && depth >= 512 ? .openBLAS : .swift
  }
}
