import Testing

@testable import Recurrent

@Suite struct OverridesTests {
  @Test("an environment without the variables, or with empty ones, decides nothing")
  func nothing() throws {
    for environment in [[:], ["RECURRENT_BACKEND": "", "RECURRENT_THREADS": ""]] {
      let overrides = try Overrides(environment: environment)
      #expect(overrides.backend == nil)
      #expect(overrides.threadCount == nil && overrides.instructions == nil)
    }
  }

  @Test("every available value is taken")
  func values() throws {
    for backend in Backend.available + [.automatic] {
      let overrides = try Overrides(environment: ["RECURRENT_BACKEND": backend.rawValue])
      #expect(overrides.backend == backend)
    }
    for set in InstructionSet.available {
      let overrides = try Overrides(environment: ["RECURRENT_INSTRUCTIONS": set.rawValue])
      #expect(overrides.instructions == set)
    }
    for count in [1, 2, 1024] {
      let overrides = try Overrides(environment: ["RECURRENT_THREADS": "\(count)"])
      #expect(overrides.threadCount == count)
    }
  }

  @Test(
    "a value that cannot be honoured is an error with its name, what was expected and what came",
    arguments: [
      ("RECURRENT_BACKEND", "mkl", "automatic, openblas, swift"),
      ("RECURRENT_THREADS", "0", "1 to 1024"), ("RECURRENT_THREADS", "-1", "1 to 1024"),
      ("RECURRENT_THREADS", "1025", "1 to 1024"), ("RECURRENT_THREADS", "two", "1 to 1024"),
      ("RECURRENT_INSTRUCTIONS", "mmx", InstructionSet.available.map(\.rawValue).joined(separator: ", ")),
    ])
  func errors(variable: String, value: String, expected: String) {
    let error = #expect(throws: RecurrentError.self) {
      try Overrides(environment: [variable: value])
    }
    guard case .invalidOverride(variable, let text, value) = error else {
      Issue.record("got \(String(describing: error))")
      return
    }
    #expect(text.contains(expected))
  }

  @Test("an instruction set that this processor lacks is refused")
  func missingInstructions() {
    for set in InstructionSet.allCases where !InstructionSet.available.contains(set) {
      #expect(throws: RecurrentError.self) {
        try Overrides(environment: ["RECURRENT_INSTRUCTIONS": set.rawValue])
      }
    }
  }

  @Test("a backend that this build lacks is refused")
  func missingBackend() {
    for backend in Backend.allCases where !backend.isAvailable {
      let error = #expect(throws: RecurrentError.self) {
        try Overrides(environment: ["RECURRENT_BACKEND": backend.rawValue])
      }
      guard case .backendUnavailable(backend, _) = error else {
        Issue.record("got \(String(describing: error))")
        continue
      }
    }
  }
}
