import Foundation
import Recurrent

/// What the harness asks for: a folder with a case, and what its file `case.txt` says of it.
struct RunnerCase {
  /// Where the case stands, and its results go.
  let folder: String
  /// The backend to run on.
  let backend: Backend
  private let settings: [String: String]

  /// Reads a case.
  ///
  /// - Parameter arguments: The backend's name and the folder.
  /// - Throws: ``RunnerError/protocolViolation(expected:actual:)`` for other arguments, and what
  ///   reading the file throws.
  init(_ arguments: [String]) throws {
    guard arguments.count == 2, let backend = Backend(rawValue: arguments[0]) else {
      throw RunnerError.protocolViolation(expected: "BACKEND FOLDER", actual: arguments.description)
    }
    self.backend = backend
    folder = arguments[1]
    let lines = try String(contentsOfFile: "\(folder)/case.txt", encoding: .utf8).split(separator: "\n")
    var settings: [String: String] = [:]
    for line in lines {
      let words = line.split(separator: " ", maxSplits: 1)
      settings[String(words[0])] = words.count > 1 ? String(words[1]) : ""
    }
    self.settings = settings
  }

  /// The value of a key.
  ///
  /// - Throws: ``RunnerError/protocolViolation(expected:actual:)`` if it is missing or of another
  ///   type.
  func setting<Value: LosslessStringConvertible>(_ key: String) throws -> Value {
    guard let text = settings[key], let value = Value(text) else {
      throw RunnerError.protocolViolation(expected: "\(key) \(Value.self)", actual: settings.description)
    }
    return value
  }

  /// The parameters under PyTorch's names.
  func parameters() throws -> StateDictionary<Float> {
    try SafetensorsFile(path: "\(folder)/model.safetensors").stateDictionary()
  }

  /// An array of numbers.
  func array(_ name: String) throws -> Tensor<Float> {
    try NumPyFile(path: "\(folder)/\(name).npy").tensor(as: Float.self)
  }
}
