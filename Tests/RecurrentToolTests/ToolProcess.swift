import Foundation

/// The command `recurrent`, run as a process of its own.
struct ToolProcess {
  let status: Int32
  let output: String
  let errors: String

  /// Runs the command that was built with the tests.
  ///
  /// - Parameters:
  ///   - arguments: The command's arguments.
  ///   - environment: Variables beside those of the tests.
  ///   - shell: What a shell does before it becomes the command: limits and redirections.
  ///   - during: Is given the process that has been started, before its end is awaited.
  /// - Throws: What starting it, the closure and reading what it wrote throw.
  init(
    _ arguments: [String], environment: [String: String] = [:], shell: String? = nil,
    during: (Process) throws -> Void = { _ in }
  ) throws {
    let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let process = Process()
    let command = tests.deletingLastPathComponent().appendingPathComponent("recurrent")
    process.executableURL = shell == nil ? command : URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      shell.map { ["-c", "\($0); exec \"$0\" \"$@\"", command.path] + arguments } ?? arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files, since a pipe that nobody empties would stop the process.
    let folder = try TemporaryFolder()
    let streams = try ["output", "errors"].map { name in
      let path = folder.path(name)
      _ = FileManager.default.createFile(atPath: path, contents: nil)
      return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
    process.standardOutput = streams[0]
    process.standardError = streams[1]
    try process.run()
    try during(process)
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOfFile: folder.path("output"), encoding: .utf8)
    errors = try String(contentsOfFile: folder.path("errors"), encoding: .utf8)
  }
}

/// A folder that goes with its last reference.
final class TemporaryFolder {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  /// The path of a file in the folder.
  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// The names of all files in the folder.
  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }
}
