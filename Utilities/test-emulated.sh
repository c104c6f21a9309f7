#!/bin/sh
# Runs the tests on emulated processors: one without AVX, one with AVX2 and without AVX-512. An instruction that the
# processor lacks ends the run. Takes the folder of a debug build.
set -eu
bin=$1
command -v qemu-x86_64 >/dev/null || {
  echo "test-emulated: qemu-x86_64 is not installed (package qemu-user); nothing was emulated"
  exit 0
}
tests="$bin/RecurrentPackageTests.xctest"
# What tells OpenBLAS of this processor is not true of the emulated ones.
unset OPENBLAS_CORETYPE
expect() { # processor, instruction sets that must be found
  found=$(qemu-x86_64 -cpu "$1" "$bin/recurrent" info | sed -n 's/^instructions: *found \(.*\); picked.*/\1/p')
  if [ "$found" != "$2" ]; then
    echo "on an emulated $1: expected the instruction sets $2, found $found"
    exit 1
  fi
  echo "emulated $1: $found"
  # The suites that reach every kernel; the others would take long where each instruction is emulated.
  qemu-x86_64 -cpu "$1" "$tests" --testing-library swift-testing \
    --filter 'ProductTests|PackingTests|ReadRoundsTests|ActivationTests|RNNGoldenTests|GatedGoldenTests|RNNCellTests|RNNStreamTests' >"$bin/emulated.log" 2>&1 || {
    grep -E '✘|recorded an issue' -A 4 "$bin/emulated.log" || tail -n 20 "$bin/emulated.log"
    exit 1
  }
  grep 'Test run with' "$bin/emulated.log"
}
expect Nehalem "sse2"
expect Haswell "sse2, avx2"
