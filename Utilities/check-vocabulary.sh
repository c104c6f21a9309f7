#!/bin/sh
# The floors of the house do not know of each other: kernels and backends multiply matrices, and do not
# know what for.
set -u
cd "$(dirname "$0")/.."
words='\b(hidden|gate|cell|sequence|recurrent step)\b'
found=$(grep -rnwiE "$words" Sources/VectorKernels* Sources/CPUFeatures Sources/COpenBLAS |
  grep -viE 'time-major and batch-major sequences' || true)
if [ -n "$found" ]; then
  echo "kernels that speak of what is above them:"
  echo "$found"
  exit 1
fi
# The exact name of the module is the exception of its own tools.
if grep -rnE '#if OpenBLAS' Sources/Recurrent | grep -v '/Backends/'; then
  echo "the trait belongs into Sources/Recurrent/Backends"
  exit 1
fi
