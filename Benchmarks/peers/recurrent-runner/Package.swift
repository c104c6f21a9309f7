// swift-tools-version: 6.2
import PackageDescription

// A package of its own that links the library as a user's would, but for the path.
let package = Package(
  name: "RecurrentRunner",
  platforms: [.macOS(.v26)],
  traits: [.trait(name: "OpenBLAS"), .default(enabledTraits: ["OpenBLAS"])],
  dependencies: [
    .package(
      name: "Recurrent", path: "../../..",
      traits: [.trait(name: "OpenBLAS", condition: .when(traits: ["OpenBLAS"]))])
  ],
  targets: [
    .executableTarget(
      name: "RecurrentRunner",
      dependencies: [
        .product(name: "Recurrent", package: "Recurrent"),
        // The command, which measures the limits, is built along.
        .product(name: "recurrent", package: "Recurrent"),
      ],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
  ]
)
