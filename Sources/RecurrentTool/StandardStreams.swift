import Foundation
import Recurrent

/// Where results are printed.
///
/// Every byte goes to the system at once, so that none is lost in a buffer without a word: a full
/// disk or a closed stream is an error. A reader that has gone ends the process by SIGPIPE, as it
/// ends other filters.
enum StandardOutput {
  private static let name = "standard output"

  /// Prints text.
  ///
  /// - Throws: ``RecurrentError/fileInaccessible(path:operation:reason:)`` where the system does
  ///   not take all of it.
  static func write(_ text: String) throws(RecurrentError) {
    guard writeAll(text, to: STDOUT_FILENO) else { throw failure() }
  }

  /// Prints a line.
  static func writeLine(_ text: String) throws(RecurrentError) { try write(text + "\n") }

  /// Refuses a stream that was closed before the process began, or that is open for reading only.
  static func check() throws(RecurrentError) {
    let flags = fcntl(STDOUT_FILENO, F_GETFL)
    guard flags >= 0, flags & O_ACCMODE != O_RDONLY else {
      throw .fileInaccessible(path: name, operation: "write", reason: "it is closed")
    }
  }

  /// Closes the stream: some file systems tell only then that what they took could not be kept.
  static func finish() throws(RecurrentError) {
    // An interrupted close has closed the stream all the same.
    guard close(STDOUT_FILENO) == 0 || errno == EINTR || errno == EBADF else { throw failure() }
  }

  private static func failure() -> RecurrentError {
    .fileInaccessible(path: name, operation: "write", reason: String(cString: strerror(errno)))
  }

  /// Whether the system took the whole text; otherwise `errno` says why.
  fileprivate static func writeAll(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let written = Foundation.write(descriptor, rest.baseAddress, min(rest.count, 1 << 20))
        if written > 0 {
          rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        } else if written < 0, errno == EAGAIN {
          var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&stream, 1, -1)
        } else if written == 0 || errno != EINTR {
          return false
        }
      }
      return true
    }
  }
}

/// Where errors and the course of a training are told.
enum StandardError {
  /// Tells something. Nobody may be listening, which is no reason to stop.
  static func write(_ text: String) { _ = StandardOutput.writeAll(text, to: STDERR_FILENO) }
}

/// What the process asks of the system before it does anything.
enum StandardStreams {
  /// Keeps the numbers of closed streams from the files that are opened later, which would take
  /// what is printed, and has a file size limit be an error instead of the end.
  static func prepare() {
    // Nobody can write to a stream that is open for reading only; check() recognizes it.
    for (descriptor, mode) in [
      (STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY),
    ] where fcntl(descriptor, F_GETFD) < 0 {
      // The system hands out the lowest number that is free, which is this one.
      _ = open("/dev/null", mode)
    }
    signal(SIGXFSZ, SIG_IGN)
  }
}
