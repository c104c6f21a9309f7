// swift-tools-version: 6.2
import PackageDescription

// A package that links the library as a user's would, but for the path.
let package = Package(
  name: "Sessions",
  traits: [.trait(name: "OpenBLAS"), .default(enabledTraits: ["OpenBLAS"])],
  dependencies: [
    .package(
      name: "Recurrent", path: "../..",
      traits: [.trait(name: "OpenBLAS", condition: .when(traits: ["OpenBLAS"]))])
  ],
  targets: [
    .executableTarget(
      name: "Sessions",
      dependencies: [.product(name: "Recurrent", package: "Recurrent")],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
  ]
)
