#!/usr/bin/env bash
# Builds dbnet, finds the text in pictures and says where the results are.
# usage: demo.sh [MODEL [IMAGE...]]
#   MODEL   a DB detector in ONNX (default: models/default.onnx, once one ships)
#   IMAGE   pictures or folders (default: samples/)
set -euo pipefail
start=$PWD
cd "$(dirname "$(realpath "$0")")/.."
root=$PWD

scripts/build.sh --no-train

model=${1:-}
if [ -z "$model" ]; then
  if [ ! -e models/default.onnx ]; then
    echo
    echo "Built build/release/bin/dbnet. No model ships with this version yet: pass one and some pictures, for example"
    echo "  scripts/demo.sh ch_PP-OCRv3_det_infer.onnx photo.jpg"
    echo "Any DB detector in ONNX will do (PaddleOCR's detectors run as they are)."
    exit 0
  fi
  model=$root/models/default.onnx
else
  shift
fi
[ $# -gt 0 ] || set -- "$root/samples"

cd "$start"
"$root/build/release/bin/dbnet" predict "$@" --model "$model" --out "$root/out/demo" --format json --save-image
echo "Pictures with the outlines: $root/out/demo/image"
