#!/usr/bin/env bash
# The training step of ResNet-18 (416x416, batch 8, two threads) here, with losses and optimiser, and in plain PyTorch, without
# them, in one run:
#   bench/training/run.sh [BUILD] [MODEL.onnx]
# BUILD: a build folder with the benchmarks (-DDBNET_BUILD_BENCHMARKS=ON), default build/release. MODEL.onnx: a light detector
# to time as well (384x384, batch 8), in turns. PYTHON: interpreters with the package torch, and onnx for MODEL.onnx; default
# python3.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench="${1:-build/release}/bin/dbnet_train_bench"

"$bench" resnet18 416 8 bf16 2
"$bench" resnet18 416 8 f32 2 3
for python in ${PYTHON:-python3}; do
  "$python" bench/training/plain_step.py
  "$python" bench/training/plain_step.py --bf16 --channels-last --pixel-shuffle
done

if [[ $# -gt 1 ]]; then
  for _ in 1 2; do
    "$bench" "$2" 384 8 bf16 2
    for python in ${PYTHON:-python3}; do
      "$python" bench/training/plain_step.py --onnx "$2" --bf16 --channels-last --size 384
      "$python" bench/training/plain_step.py --onnx "$2" --bf16 --channels-last --pixel-shuffle --size 384
    done
  done
fi
