#!/bin/sh
# Checks every Markdown file of the repository: links between files lead somewhere, `make` commands
# name targets, `Folder/paths` in the text exist, and lines of prose have at most 100 columns.
set -u
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
problems=$(mktemp)
trap 'rm -f "$problems"' EXIT

files=$(git ls-files --cached --others --exclude-standard -- '*.md')
for file in $files; do
  folder=$(dirname "$file")
  grep -oE '\]\([^)]+\)' "$file" | sed -E 's/^\]\(//; s/\)$//; s/#.*//' | sort -u | while read -r link; do
    case $link in
    '' | http://* | https://*) ;;
    *) [ -e "$folder/$link" ] || echo "$file: no file $link" ;;
    esac
  done
  # Paths in code spans, from the root of the repository; those with a placeholder are left out.
  grep -oE '`(Sources|Tests|Examples|Benchmarks|Fuzzing|Utilities)/[^` ]*`' "$file" | tr -d '`' |
    grep -v '[<…*:]\|\.build' | sort -u | while read -r path; do
    [ -e "$path" ] || echo "$file: no file $path"
  done
  grep -oE '\bmake [a-z][a-z-]*`|^    make [a-z][a-z-]*' "$file" | tr -d '`' | awk '{ print $2 }' | sort -u |
    while read -r target; do
      grep -q "^$target:" Makefile || echo "$file: no target of the Makefile: $target"
    done
  # Tables, code and links cannot be wrapped.
  awk '/^```/ { code = !code } { print (code || /^    / || /^\|/ || /^!\[/ || /https?:/ ? "" : $0) }' "$file" |
    grep -nE '^.{101,}' | sed -E "s|^([0-9]+):.*|$file:\1: more than 100 columns|"
done >"$problems"
cat "$problems"
[ ! -s "$problems" ]
