// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that its harness reaches nobody who links the library.
let package = Package(
  name: "RecurrentBenchmarks",
  platforms: [.macOS(.v26)],
  traits: [.trait(name: "OpenBLAS"), .default(enabledTraits: ["OpenBLAS"])],
  dependencies: [
    .package(
      name: "Recurrent", path: "..",
      traits: [.trait(name: "OpenBLAS", condition: .when(traits: ["OpenBLAS"]))]),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Layers",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "Recurrent", package: "Recurrent"),
      ],
      path: "Benchmarks/Layers",
      swiftSettings: [.swiftLanguageMode(.v6)],
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)
