import Recurrent

/// Why the runner does not run.
enum RunnerError: Error, CustomStringConvertible {
  /// What the driver said is not what the protocol says.
  case protocolViolation(expected: String, actual: String)
  /// Recurrent has no such cell.
  case noSuchCell(String)
  /// This runner has no such pass.
  case noSuchPass(String)
  /// Recurrent has no such weights.
  case noSuchWeights(String)
  /// This build has no such backend.
  case noSuchBackend(Backend)

  /// Whether the contestant does not take part, rather than failing.
  var isAbsence: Bool {
    if case .protocolViolation = self { false } else { true }
  }

  var description: String {
    switch self {
    case .protocolViolation(let expected, let actual): "expected \(expected), got \(actual)"
    case .noSuchCell(let cell): "it has no cell \(cell)"
    case .noSuchPass(let pass): "this runner has no pass \(pass)"
    case .noSuchWeights(let format): "it has no weights of \(format)"
    case .noSuchBackend(let backend): "it was built without \(backend.rawValue)"
    }
  }
}
