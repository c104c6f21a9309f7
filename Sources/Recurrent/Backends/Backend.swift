/// Who multiplies the matrices.
///
/// Both backends live in every process that was built with the trait `OpenBLAS`, and give the same
/// answer within the bounds of <doc:Numerics>. A backend is a value: set it on a layer, or leave
/// `.automatic`.
public enum Backend: String, Sendable, CaseIterable {
  /// ``swift``; see <doc:Backends> for the measurements behind it. `RECURRENT_BACKEND` decides
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

  /// The backend that runs a call: this one, or what takes the place of `.automatic`.
  ///
  /// That is `.swift`: its kernels were faster than OpenBLAS's on the grid of <doc:Backends>, and
  /// its bits depend on the inputs alone.
  var resolved: Backend { self == .automatic ? .swift : self }
}
