#!/bin/sh
# Installs libopenblas-dev and liblapacke-dev where they are missing and that is permitted.
set -eu
cd "$(dirname "$0")"
packages="libopenblas-dev liblapacke-dev"
./have-openblas.sh && exit 0

go_on() {
  echo "deps: $1; going on with the pure-Swift backend (packages: $packages)"
  exit 0
}

command -v apt-get >/dev/null || go_on "no apt-get on this system"
if [ "$(id -u)" -eq 0 ]; then
  as_root=""
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root="sudo"
else
  go_on "OpenBLAS is missing and needs root to be installed"
fi
export DEBIAN_FRONTEND=noninteractive
# An old package list may name versions that are gone.
$as_root apt-get install -y -q $packages >/dev/null 2>&1 ||
  { $as_root apt-get update -q >/dev/null 2>&1 && $as_root apt-get install -y -q $packages >/dev/null 2>&1; } ||
  go_on "OpenBLAS could not be installed"
