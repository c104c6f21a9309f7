#!/bin/sh
# Builds the runner, and with it the command `recurrent`, which measures the limits; without OpenBLAS where it is missing.
set -eu
cd "$(dirname "$0")"
if ! ../../../Utilities/have-openblas.sh; then set -- --disable-default-traits; fi
exec swift build -c release "$@"
