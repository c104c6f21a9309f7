#!/bin/sh
# Runs benchmarks and writes what they print to Results/PROCESSOR/DATE/KIND.txt. Arguments: the kinds;
# all of them without any.
#   kernels           the products that recurrent layers compute at each step, and the activations
#   layers            forward passes on one thread, and subnormal states
#   threads           forward passes on two threads
#   training          forward and backward passes on one thread and two, with all gradients
#   ragged            batches of unequal lengths, packed and padded, forward and backward
#   checkpointing     memory and time of a long sequence's gradients
#   streaming         single steps of streams and cells, and of the sessions of pools
#   oversubscription  the throughput with more threads than processors
#   plans             the plans that the library chooses, and the fastest ones; CASES=60 SEED=1
# TRAITS=--disable-default-traits leaves OpenBLAS out. RECURRENT_INSTRUCTIONS picks the instruction set,
# whose name then follows the kind's.
set -eu
cd "$(dirname "$0")"
kinds=${*:-kernels layers threads training ragged checkpointing streaming oversubscription plans}
traits=${TRAITS:-}

instructions=${RECURRENT_INSTRUCTIONS:-}
machine="$(./processor.sh)${instructions:+, $instructions}"
folder="Results/$(./processor.sh --folder)/$(date +%F)"

head_of() { # kind
  revision=$(git rev-parse --short HEAD)
  [ -z "$(git status --porcelain -- .. ':!Results')" ] || revision="$revision and changes that are not committed"
  cat <<TEXT
kind:      $1
date:      $(date +%F)
revision:  $revision
processor: $machine; $(nproc) available
system:    $(uname -sr)
compiler:  $(swift --version 2>/dev/null | head -n 1)
OpenBLAS:  $(pkg-config --modversion openblas 2>/dev/null || echo unknown)

TEXT
}

harness() { # target, arguments
  target=$1
  shift
  # The name of the host and the lines of the build say nothing about the results.
  # In release mode the tools of the harness are built once, not twice.
  # shellcheck disable=SC2086
  swift package -c release $traits benchmark --target "$target" --no-progress "$@" >"$work" 2>"$work.log" || {
    cat "$work" "$work.log" >&2
    exit 1
  }
  sed -n '/^=\{3,\}/,$p' "$work" | sed '/^Host /d'
}

work=$(mktemp)
trap 'rm -f "$work" "$work.log" "$work.out"' EXIT
mkdir -p "$folder"
for kind in $kinds; do
  case $kind in
  kernels) run='harness Kernels' ;;
  layers) run='harness Layers --skip .*2.threads --skip Forward.and.backward.* --skip Sequences.of.*' ;;
  threads) run='harness Layers --filter .*2.threads --skip Forward.and.backward.*' ;;
  training) run='harness Layers --filter Forward.and.backward.*' ;;
  ragged) run='harness Layers --filter Sequences.of.*' ;;
  checkpointing) run="swift run -q -c release $traits Checkpointing" ;;
  streaming) run='harness Streaming' ;;
  oversubscription) run="swift run -q -c release $traits Oversubscription" ;;
  plans) run="swift run -q -c release $traits Plans ${CASES:-60} ${SEED:-1}" ;;
  *)
    echo "expected kernels, layers, threads, training, ragged, checkpointing, streaming, oversubscription or plans, got $kind"
    exit 1
    ;;
  esac
  head_of "$kind" >"$work.out"
  $run >>"$work.out"
  file="$folder/$kind${instructions:+-$instructions}.txt"
  mv "$work.out" "$file"
  cat "$file"
done
