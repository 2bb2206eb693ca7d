#!/usr/bin/env bash
# Builds dbnet, finds the text in pictures and says where the results are.
# usage: demo.sh [MODEL.onnx] [IMAGE...]
#   MODEL   a DB detector in ONNX (default: models/default.onnx)
#   IMAGE   pictures or folders (default: samples/)
set -euo pipefail
start=$PWD
cd "$(dirname "$(realpath "$0")")/.."
root=$PWD

scripts/build.sh --no-train

model=$root/models/default.onnx
if [[ ${1:-} == *.onnx ]]; then
  model=$1
  shift
fi
[ $# -gt 0 ] || set -- "$root/samples"

cd "$start"
"$root/build/release/bin/dbnet" predict "$@" --model "$model" --out "$root/out/demo" --format json --save-image
echo "Pictures with the outlines: $root/out/demo/image"
