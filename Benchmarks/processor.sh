#!/bin/sh
# Prints the processor's name, such as "AMD EPYC (Zen 4)"; with --folder, the name of its folder in
# Results, such as amd-epyc-zen4. `processor.sh --folder NAME` gives the folder of another name.
# Virtual machines hide the exact model, and different processors then bear one name: the
# microarchitecture, from family and model number, tells them apart.
set -eu

field() { sed -n "s/^$1[[:space:]]*: //p" /proc/cpuinfo 2>/dev/null | head -n 1; }

microarchitecture() {
  model=$(field model)
  case "$(field vendor_id) $(field 'cpu family')" in
  'AuthenticAMD 23') [ "$model" -ge 48 ] && echo 'Zen 2' || echo 'Zen' ;;
  'AuthenticAMD 25')
    if { [ "$model" -ge 16 ] && [ "$model" -lt 32 ]; } || { [ "$model" -ge 96 ] && [ "$model" -lt 128 ]; } ||
      { [ "$model" -ge 160 ] && [ "$model" -lt 176 ]; }; then echo 'Zen 4'; else echo 'Zen 3'; fi
    ;;
  'AuthenticAMD 26') echo 'Zen 5' ;;
  'GenuineIntel 6')
    case $model in
    106 | 108) echo 'Ice Lake' ;;
    143) echo 'Sapphire Rapids' ;;
    207) echo 'Emerald Rapids' ;;
    173 | 174) echo 'Granite Rapids' ;;
    esac
    ;;
  esac
}

name() {
  name=$(field 'model name' | sed -E 's/\((R|TM)\)| CPU| Processor| @.*//g')
  kind=$(microarchitecture)
  echo "${name:-$(uname -m)}${kind:+ ($kind)}"
}

if [ "${1:-}" = --folder ]; then
  printf '%s' "${2:-$(name)}" | tr '[:upper:]' '[:lower:]' | sed -E 's/zen ([0-9])/zen\1/; s/[^a-z0-9]+/-/g; s/^-|-$//g'
  echo
else
  name
fi
