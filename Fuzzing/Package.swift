// swift-tools-version: 6.2
import PackageDescription

// The flags that make a fuzzer of an executable must be those of every module, so `run.sh` gives them to the build.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
  name: "Fuzzing",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "Recurrent", path: "..", traits: [])],
  targets: [
    // A link to the file in Tests/RecurrentTestSupport.
    .target(
      name: "ReaderProperties", dependencies: [.product(name: "Recurrent", package: "Recurrent")],
      swiftSettings: strict),
    .executableTarget(
      name: "FuzzSafetensors", dependencies: ["ReaderProperties"],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]),
    .executableTarget(
      name: "FuzzNumPy", dependencies: ["ReaderProperties"],
      swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]),
  ]
)
