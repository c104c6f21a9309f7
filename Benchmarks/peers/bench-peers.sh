#!/bin/sh
# Sets up the peers in a virtual environment and compares Recurrent with them. Takes the arguments of bench_peers.py.
# RECURRENT_PEERS_VENV names an environment that is there already; nothing is installed into it.
set -eu
cd "$(dirname "$0")"
if [ -z "${RECURRENT_PEERS_VENV:-}" ] && ! cmp -s requirements.txt .venv/installed.txt; then
  python3 -m venv .venv
  .venv/bin/pip install --requirement requirements.txt
  cp requirements.txt .venv/installed.txt
fi
exec "${RECURRENT_PEERS_VENV:-.venv}/bin/python" bench_peers.py "$@"
