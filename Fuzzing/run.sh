#!/bin/sh
# Lets libFuzzer change the files of the corpus until one breaks a reader, or the time is over: run.sh [seconds for each reader].
#
# What takes a new way through the code is kept in .build/corpus, what breaks a reader in .build/findings.
set -eu
cd "$(dirname "$0")"
seconds=${1:-600}

# A module needs both sanitizers in one flag: of two flags, the compiler would take the last only.
set -- -c release --sanitize fuzzer --sanitize address -Xswiftc -sanitize=fuzzer,address
swift build "$@"
binaries=$(swift build "$@" --show-bin-path)
mkdir -p .build/findings

# Hashes that change from run to run would look like new ways.
export SWIFT_DETERMINISTIC_HASHING=1
# A trap ends the process at once: Swift's own backtrace could wait for ever under the sanitizer.
export SWIFT_BACKTRACE=enable=no
for reader in Safetensors:safetensors NumPy:npy; do
  format=${reader#*:}
  mkdir -p ".build/corpus/$format"
  printf '\n%s, %s seconds\n' "$format" "$seconds"
  "$binaries/Fuzz${reader%:*}" -max_total_time="$seconds" -max_len=4096 -timeout=10 -verbosity=0 -print_final_stats=1 \
    -dict="$format.dict" -artifact_prefix=".build/findings/$format-" ".build/corpus/$format" "Corpus/$format"
done
