// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let recurrent = Target.Dependency.product(name: "Recurrent", package: "Recurrent")

/// One benchmark executable; the harness looks for them in the folder `Benchmarks`.
func benchmark(_ name: String) -> Target {
  .executableTarget(
    name: name,
    dependencies: [.product(name: "Benchmark", package: "benchmark"), recurrent, "BenchmarkSupport"],
    path: "Benchmarks/\(name)",
    swiftSettings: strict,
    plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}

// A package of its own, so that its harness reaches nobody who links the library.
let package = Package(
  name: "RecurrentBenchmarks",
  platforms: [.macOS(.v26)],
  traits: [.trait(name: "OpenBLAS"), .default(enabledTraits: ["OpenBLAS"])],
  dependencies: [
    .package(
      name: "Recurrent", path: "..",
      traits: [.trait(name: "OpenBLAS", condition: .when(traits: ["OpenBLAS"]))]),
    // Without its traits, which count allocations and references by replacing the functions that
    // make them.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
  ],
  targets: [
    benchmark("Kernels"),
    benchmark("Layers"),
    benchmark("Streaming"),
    .executableTarget(
      name: "Oversubscription", dependencies: [recurrent], path: "Oversubscription",
      swiftSettings: strict),
    .executableTarget(
      name: "Checkpointing", dependencies: [recurrent, "BenchmarkSupport"], path: "Checkpointing",
      swiftSettings: strict),
    .executableTarget(
      name: "Plans", dependencies: [recurrent, "BenchmarkSupport"], path: "Plans",
      swiftSettings: strict),
    .target(
      name: "BenchmarkSupport",
      dependencies: [.product(name: "Benchmark", package: "benchmark"), recurrent],
      path: "Support", swiftSettings: strict),
  ]
)
