// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
]

/// Settings of a module that compiles the kernels for one instruction set: optimized in debug
/// builds too, since a kernel that keeps its vectors in memory is no test of the one that ships. And compiled
/// as a whole: an incremental build would keep kernels whose inlined sources in other modules have changed.
func kernels(_ flags: String...) -> [SwiftSetting] {
  strict + [
    .unsafeFlags(
      ["-Ounchecked", "-wmo", "-num-threads", "1", "-disable-batch-mode"] + flags.flatMap { ["-Xcc", $0] })
  ]
}

// The manifest has no condition for the architecture, so it asks for the one it runs on.
#if arch(x86_64)
  let wideKernels: [Target] = [
    .target(
      name: "Kernels256",
      dependencies: ["CVectorMath", "CellKernels", "VectorKernels"],
      swiftSettings: kernels("-mavx2", "-mfma")),
    .target(
      name: "Kernels512",
      dependencies: ["CVectorMath", "CellKernels", "VectorKernels"],
      swiftSettings: kernels("-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mfma")),
  ]
#else
  let wideKernels: [Target] = []
#endif

// The modules of kernels are linked, never imported (see CKernelSets), so that they and the library are
// compiled side by side; so whoever links the library names them too. Of modules that can be compiled,
// SwiftPM takes the last by name first: Recurrent, which takes longest, and then the widest kernels.
let kernelNames = ["Kernels128"] + wideKernels.map(\.name)
let linkedKernels = kernelNames.map { Target.Dependency(stringLiteral: $0) }

// The documentation's plugin is for those who build the documentation (`make docs`), not for those who
// link the library.
let documentation: [Package.Dependency] =
  Context.environment["RECURRENT_DOCS"] == nil
  ? [] : [.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0")]

let package = Package(
  name: "Recurrent",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "Recurrent", targets: ["Recurrent"] + kernelNames),
    .executable(name: "recurrent", targets: ["RecurrentTool"]),
  ],
  traits: [
    .trait(name: "OpenBLAS", description: "Link OpenBLAS and LAPACKE beside the pure-Swift backend."),
    .default(enabledTraits: ["OpenBLAS"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", from: "0.10.0"),
  ] + documentation,
  targets: [
    // MARK: Public API
    .target(
      name: "Recurrent",
      dependencies: [
        "CPUFeatures",
        "CKernelSets",
        "CellKernels",
        "VectorKernels",
        .target(name: "COpenBLAS", condition: .when(traits: ["OpenBLAS"])),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "RecurrentTool",
      dependencies: [
        "Recurrent",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SwiftCSV", package: "SwiftCSV"),
      ] + linkedKernels,
      swiftSettings: strict),

    // The program of Examples/Slides, for `make run`: the tool and it share one build of the library. A package that depends on
    // this one does not see it.
    .executableTarget(
      name: "SlidesExample",
      dependencies: ["Recurrent"] + linkedKernels,
      path: "Examples/Slides/Sources/Slides",
      resources: [.copy("Model")],
      swiftSettings: strict),

    // MARK: Implementation details
    .systemLibrary(
      name: "COpenBLAS",
      pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev", "liblapacke-dev"]), .brew(["openblas"])]),
    .target(name: "CPUFeatures"),
    .systemLibrary(name: "CKernelSets"),
    .systemLibrary(name: "CVectorMath"),
    .target(name: "VectorKernels", dependencies: ["CVectorMath"], swiftSettings: strict),
    .target(name: "CellKernels", dependencies: ["VectorKernels"], swiftSettings: strict),
    .target(
      name: "Kernels128", dependencies: ["CVectorMath", "CellKernels", "VectorKernels"],
      swiftSettings: kernels()),

    // MARK: Tests
    .target(
      name: "RecurrentTestSupport",
      dependencies: ["Recurrent"] + linkedKernels,
      path: "Tests/RecurrentTestSupport",
      // The oracles are loops over numbers in generic code.
      swiftSettings: strict + [.unsafeFlags(["-O"])]),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .target(name: "ForkedProcess", path: "Tests/ForkedProcess"),
    .testTarget(
      name: "RecurrentTests",
      dependencies: [
        "Recurrent", "RecurrentTestSupport", "AllocationCounter", "CellKernels", "ForkedProcess",
        "VectorKernels",
      ],
      resources: [.copy("Fixtures"), .copy("InterchangeSamples")],
      swiftSettings: strict),
    .testTarget(
      name: "RecurrentToolTests",
      dependencies: ["Recurrent", "RecurrentTestSupport", "RecurrentTool"],
      swiftSettings: strict),
  ] + wideKernels
)
