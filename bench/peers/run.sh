#!/usr/bin/env bash
# Times the forward pass of one model in dbnet and in the runtimes people would pick instead, alternating in one run, and
# prints a table with the ratio to the fastest of them.
# usage: run.sh MODEL [HEIGHTxWIDTH [THREADS [ROUNDS]]]        defaults 736x1280, 2, 5
# DBNET_PEERS   folder of the Python environment with the peers, made on first use (default ~/.cache/dbnet-peers)
set -euo pipefail
here=$(dirname "$(realpath "$0")")
model=${1:?usage: run.sh MODEL [HEIGHTxWIDTH [THREADS [ROUNDS]]]}
size=${2:-736x1280} threads=${3:-2} rounds=${4:-5} runs=10
peers=${DBNET_PEERS:-$HOME/.cache/dbnet-peers}

if [ ! -e "$peers/ready" ]; then
  python3 -m venv "$peers"
  "$peers/bin/pip" install -q onnxruntime==1.31.1 openvino==2026.4.1 ncnn==1.0.20261020 pnnx==20261020 torch >&2
  touch "$peers/ready"
fi

results=$(mktemp)
trap 'rm -f "$results"' EXIT
for ((round = 1; round <= rounds; ++round)); do
  "$here/../../build/release/bin/dbnet" benchmark "$model" --size "$size" --threads "$threads" --runs "$runs" --json \
    | sed 's/^{/{"runtime": "dbnet", /' >> "$results"
  for runtime in onnxruntime openvino ncnn; do
    "$peers/bin/python" "$here/peer.py" "$runtime" "$model" "$size" "$threads" "$runs" >> "$results"
  done
done

"$peers/bin/python" - "$results" "$model, $size, $threads threads, f32, $rounds rounds of $runs runs" << 'PYTHON'
import json, statistics, sys
medians = {}
for line in open(sys.argv[1]):
    row = json.loads(line)
    medians.setdefault(row["runtime"], []).append(row["median_ms"])
print(sys.argv[2])
ours = statistics.median(medians["dbnet"])
for name, values in sorted(medians.items(), key=lambda item: statistics.median(item[1])):
    middle = statistics.median(values)
    print(f"{name:24} {middle:8.2f} ms  ({min(values):.2f} to {max(values):.2f})  {middle / ours:5.2f} x dbnet's time")
PYTHON
