import ArgumentParser
import Foundation
import Recurrent

/// A command that says which files it reads and writes. They are checked before it does any work.
protocol FileCommand: ParsableCommand {
  var files: FilePlan { get }
}

/// The files that a command reads and writes, under the names that its user knows them by.
struct FilePlan {
  /// A file and the option that names it.
  private typealias File = (option: String, path: String)

  private let inputs: [File]
  private let outputs: [File]
  private let prints: Bool

  /// Declares the files.
  ///
  /// - Parameters:
  ///   - inputs: What is read, by option; `nil` for options that are not given.
  ///   - outputs: What is written.
  ///   - prints: Whether results go to the standard output.
  init(
    inputs: KeyValuePairs<String, String?> = [:], outputs: KeyValuePairs<String, String?> = [:],
    prints: Bool
  ) {
    func given(_ files: KeyValuePairs<String, String?>) -> [File] {
      files.compactMap { option, path in path.map { (option, $0) } }
    }
    (self.inputs, self.outputs, self.prints) = (given(inputs), given(outputs), prints)
  }

  /// Refuses outputs that would overwrite an input or each other, and those that cannot be written.
  ///
  /// Every output is staged on trial, so that what its folder does not permit is known before there
  /// is anything to lose.
  ///
  /// - Throws: A validation error for files that are one, and
  ///   ``RecurrentError/fileInaccessible(path:operation:reason:)`` for what cannot be written.
  func check() throws {
    for (index, output) in outputs.enumerated() {
      for other in inputs + outputs[..<index] where FileIdentity.areSame(output.path, other.path) {
        throw ValidationError(
          """
          \(output.option): expected a file of its own, got \(printablePath(output.path)), \
          which is also \(other.option), \(printablePath(other.path))
          """)
      }
    }
    for (stream, descriptor) in [("standard output", STDOUT_FILENO), ("standard error", STDERR_FILENO)] {
      guard let identity = FileIdentity(descriptor: descriptor) else { continue }
      for file in inputs + outputs where FileIdentity(path: file.path) == identity {
        throw ValidationError(
          """
          \(file.option): expected another file than the \(stream) goes to, \
          got \(printablePath(file.path))
          """)
      }
    }
    for output in outputs { try Self.checkIsWritable(output.path) }
    if prints { try StandardOutput.check() }
  }

  private static func checkIsWritable(_ path: String) throws(RecurrentError) {
    try AtomicFile.stage(toPath: path) { _ in }.discard()
    // What is staged has a name of its own; this one may be too long, or a link that leads round.
    var status = stat()
    guard stat(path, &status) == 0 || errno == ENOENT else {
      throw .fileInaccessible(path: path, operation: "write", reason: String(cString: strerror(errno)))
    }
  }
}

extension AtomicFile {
  /// Stages text.
  static func stage(_ text: String, toPath path: String) throws(RecurrentError) -> AtomicFile {
    try stage(toPath: path) { (file) throws(RecurrentError) in try file.append(Array(text.utf8)) }
  }
}
