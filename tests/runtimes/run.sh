#!/usr/bin/env bash
# Exports networks, with f32 and with f16 weights, and compares what the files compute in dbnet, ONNX Runtime and OpenVINO; and
# compares so what torch's exporters make of small networks, in every opset (exports.py).
# Needs packages from PyPI, so it is run by hand; the command and the target dbnet_maps_tool must be built
# (ninja dbnet_command dbnet_maps_tool).
# usage: run.sh [MODEL.onnx...]      those models beside fresh networks of our own
#        run.sh --files MODEL.onnx...  only those models, as they are
# DBNET_PEERS   folder of the Python environment, made on first use (default ~/.cache/dbnet-peers)
set -euo pipefail
here=$(dirname "$(realpath "$0")")
bin=$here/../../build/release/bin
peers=${DBNET_PEERS:-$HOME/.cache/dbnet-peers}
if ! "$peers/bin/python" -c 'import numpy, onnx, onnxruntime, onnxscript, openvino, torch' 2> /dev/null; then
  python3 -m venv "$peers"
  "$peers/bin/pip" install -q numpy onnx onnxscript onnxruntime==1.31.1 openvino==2026.4.1 torch==2.15.0 >&2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failed=0
# As it is, whatever opset and form it has.
compare() {
  echo "== $(basename "$1")"
  rm -rf "$work/maps"
  mkdir -p "$work/maps"
  if "$bin/dbnet_maps_tool" maps "$1" "$work/maps"; then
    "$peers/bin/python" "$here/compare.py" "$1" "$work/maps" || failed=1
  else
    failed=1
  fi
}

if [ "${1:-}" = --files ]; then
  for model in "${@:2}"; do compare "$model"; done
  exit $failed
fi

models=("$@")
for backbone in resnet18 mobilenet_v3_large; do
  "$bin/dbnet_maps_tool" network $backbone "$work/fresh_$backbone.onnx"
  models+=("$work/fresh_$backbone.onnx")
done

for model in "${models[@]}"; do
  for option in "" --f16; do
    echo "== $(basename "$model") ${option:---f32}"
    # shellcheck disable=SC2086
    "$bin/dbnet" export "$model" $option --out "$work/exported.onnx" | sed "s|$work/||g"
    mkdir -p "$work/maps"
    "$bin/dbnet_maps_tool" maps "$work/exported.onnx" "$work/maps"
    "$peers/bin/python" "$here/compare.py" "$work/exported.onnx" "$work/maps" || failed=1
  done
done
"$peers/bin/python" "$here/exports.py" "$work/exports" 2> "$work/exporters.log"
for model in "$work"/exports/*.onnx; do compare "$model"; done
exit $failed
