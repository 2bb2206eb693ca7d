#!/usr/bin/env bash
# Plays a new user: every command of the README's first section as it is written, in its order, from the first to a detector
# that has learnt from ten pictures, in a copy of what the repository ships. Stops at the first that fails.
# usage: newcomer.sh [--built BIN]
#   --built BIN   take the programs in this folder instead of building them with the scripts that the README names
set -euo pipefail
root=$(dirname "$(dirname "$(realpath "$0")")")

bin=
case ${1:-} in
  --built) bin=$(realpath "${2:?--built needs a folder}") ;;
  -h|--help) sed -n '2,5s/^# //p' "$0"; exit 0 ;;
  "") ;;
  *) echo "newcomer.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
esac

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cd "$home"
ln -s "$root"/{configs,docs,models,samples,scripts} .
mkdir build
if [ -n "$bin" ]; then
  mkdir -p build/release
  ln -s "$bin" build/release/bin
else
  ln -s "$root/build/release" build/release
fi

fail() { echo "newcomer: $1" >&2; exit 1; }
exists() { local file; for file in "$@"; do [ -e "$file" ] || fail "$file is missing"; done; }

# The commands in the README's section "Begin", without their comments.
awk '/^## / {on = $2 == "Begin"} on && /^```/ {code = !code; next} on && code' "$root/README.md" \
  | sed 's/ *#.*//' > commands.txt
[ "$(head -n 1 commands.txt)" = scripts/demo.sh ] || fail "the README's first command is $(head -n 1 commands.txt)"
[[ $(sed -n 2p commands.txt) == "export PATH="* ]] || fail "the line behind the demo does not put dbnet on PATH"

seconds=$SECONDS
while IFS= read -r command; do
  echo "\$ $command"
  case $bin:$command in
    ?*:scripts/demo.sh) command="'$bin/dbnet' predict samples --out out/demo --save-image" ;;
    ?*:scripts/build.sh) command=true ;;
  esac
  eval "$command" > said.txt 2>&1 < /dev/null || { cat said.txt; fail "this command fails: $command"; }
  cat said.txt >> all.txt
  echo "  $((SECONDS - seconds)) s"
  seconds=$SECONDS
done < commands.txt

# What the README says these leave.
exists out/image/street.jpg out/json/street.json out/icdar/res_street.txt mine.onnx tuned/model.onnx report/index.html found/image
# Few pictures: what a figure is worth is said wherever one stands.
grep -q 'validation has 2 images: trust its figures as far as' all.txt || fail "no word about a validation of two images"
grep -q 'best: step .*hmean .*(95 %: .* on 2 images' all.txt || fail "no word about the best validation"
dbnet model info tuned/model.onnx | grep -q 'dbnet.tuning = icdar hmean .* (95 %: ' || fail "the tuned model does not say how it was tuned"
grep -q '"hmean_95"' runs/val/summary.json || fail "val writes no interval"
