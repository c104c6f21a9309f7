#!/bin/sh
# Depends on this package as a user would, by version, with and without the trait OpenBLAS.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A tag in a local repository stands for a release.
git clone -q --no-hardlinks "$root" "$work/recurrent"
git -C "$work/recurrent" tag 1.0.0

consume() { # name, traits, expected backends
  package="$work/$1"
  mkdir -p "$package/Sources/Client"
  cat >"$package/Package.swift" <<SWIFT
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
  name: "Client",
  dependencies: [.package(url: "$work/recurrent", from: "1.0.0"$2)],
  targets: [
    .executableTarget(
      name: "Client", dependencies: [.product(name: "Recurrent", package: "recurrent")])
  ])
SWIFT
  cat >"$package/Sources/Client/Client.swift" <<'SWIFT'
import Recurrent

@main
struct Client {
  static func main() throws {
    let rnn = RNN<Float>(inputSize: 100, hiddenSize: 20, layerCount: 4)
    let (output, finalState) = try rnn(.zeros([10, 3, 100]))
    print(rnn, output.shape, finalState.shape, Backend.available.map(\.rawValue))
  }
}
SWIFT
  actual=$(swift run --package-path "$package" Client 2>"$package/log") || {
    cat "$package/log"
    exit 1
  }
  expected="RNN(100, 20, num_layers=4) [10, 3, 20] [4, 3, 20] $3"
  if [ "$actual" != "$expected" ]; then
    echo "a package that depends on this one by version: expected $expected, got $actual"
    exit 1
  fi
  echo "by version$2: $actual"
  # Who links the library gets no dependency of its tools.
  if [ -d "$package/.build/checkouts/swift-docc-plugin" ]; then
    echo "the documentation's plugin reaches the users of the library"
    exit 1
  fi
}

consume portable ', traits: []' '["swift"]'
if ldd "$(swift build --package-path "$work/portable" --show-bin-path)/Client" | grep -q openblas; then
  echo "a build without the trait links OpenBLAS"
  exit 1
fi
if "$root/Utilities/have-openblas.sh"; then consume default '' '["openblas", "swift"]'; fi
