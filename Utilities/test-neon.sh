#!/bin/sh
# Proves arm64 where no arm64 machine is: the kernels and the formulas of cells are compiled for it by Embedded Swift, run on
# an emulated processor, and must give in every bit what those for AVX2 give, and those for AVX-512 where the processor has it.
# Takes options of `swift build`, whose debug build has the kernels for x86-64. What is up to date is not compiled again.
set -eu
cd "$(dirname "$0")/.."
unproven() {
  echo "test-neon: $1; nothing was proven about arm64"
  exit 0
}
[ "$(uname -sm)" = "Linux x86_64" ] || unproven "there is no x86-64 to compare with"
grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo || unproven "this processor has no AVX2 to compare with"
command -v qemu-aarch64 >/dev/null || unproven "qemu-aarch64 is not installed (package qemu-user)"
ls /usr/aarch64-linux-gnu/lib/libc.a >/dev/null 2>&1 ||
  unproven "there is no C library for arm64 (package libc6-dev-arm64-cross)"
ls /usr/lib/gcc-cross/aarch64-linux-gnu/*/libgcc.a >/dev/null 2>&1 ||
  unproven "there is nothing to link for arm64 with (package gcc-aarch64-linux-gnu)"
triple=aarch64-none-none-elf
resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
[ -d "$resources/embedded/$triple" ] || unproven "this toolchain has no Embedded Swift for arm64"

work=.build/neon
mkdir -p "$work"
script=Utilities/test-neon.sh
# Whether a file must be made again from others.
is_stale() { # file, sources
  file=$1
  shift
  [ ! -e "$file" ] || [ -n "$(find "$script" "$@" -newer "$file")" ]
}

# The program for x86-64, from the objects of the build.
swift build "$@" --target Kernels256
swift build "$@" --target Kernels512
bin=$(swift build "$@" --show-bin-path)
objects=
for module in VectorKernels CellKernels Kernels256 Kernels512; do
  for source in Sources/$module/*.swift; do
    objects="$objects $bin/$module.build/$(basename "$source").o"
  done
done
flags="-parse-as-library -swift-version 6 -warnings-as-errors -package-name recurrent"
flags="$flags -Xcc -fmodule-map-file=Sources/CVectorMath/module.modulemap"
# $flags and $objects are many words.
if is_stale "$work/kernel-bits-x86-64" Tests/KernelBits $objects; then
  swiftc $flags -O -wmo -module-name KernelBits -I "$bin/Modules" Tests/KernelBits/*.swift $objects \
    -o "$work/kernel-bits-x86-64"
fi

# The program for arm64. What is generic or inlined of a module of Embedded Swift is compiled where it is used, the rest into its
# object.
flags="$flags -target $triple -enable-experimental-feature Embedded -wmo -I $work"
sources=Sources/CVectorMath
for module in VectorKernels CellKernels Kernels128; do
  sources="$sources Sources/$module"
  # Optimized as Package.swift has it.
  [ $module = Kernels128 ] && level=-Ounchecked || level=-O
  if is_stale "$work/$module.swiftmodule" $sources; then
    swiftc $flags $level -parse-as-library -module-name $module -emit-module -emit-module-path "$work/$module.swiftmodule" \
      -c -o "$work/$module.o" Sources/$module/*.swift
  fi
done
if is_stale "$work/kernel-bits-arm64" $sources Tests/KernelBits; then
  swiftc $flags -Ounchecked -module-name KernelBits -c -o "$work/KernelBits.o" Tests/KernelBits/*.swift
  clang --target=aarch64-linux-gnu -fuse-ld=lld -static "$work"/*.o -o "$work/kernel-bits-arm64"
fi

qemu-aarch64 "$work/kernel-bits-arm64" >"$work/neon.txt"
cases=$(wc -l <"$work/neon.txt")
for set in avx2 avx512; do
  # AVX-512 F, VL, DQ and BW: the last came with the others.
  if [ $set = avx512 ] && ! grep -qw avx512bw /proc/cpuinfo; then
    echo "test-neon: this processor has no AVX-512; NEON was compared with AVX2 alone"
    continue
  fi
  "$work/kernel-bits-x86-64" $set >"$work/$set.txt"
  if ! diff "$work/neon.txt" "$work/$set.txt" >"$work/difference.txt"; then
    sed -n 's/^[<>] \(.*\) [0-9a-f]*$/\1/p' "$work/difference.txt" | sort -u >"$work/differing.txt"
    echo "NEON and $set differ in $(wc -l <"$work/differing.txt") of $cases cases, all in $work/differing.txt:"
    head -n 40 "$work/differing.txt"
    exit 1
  fi
  echo "NEON gives the bits of $set in $cases cases"
done
