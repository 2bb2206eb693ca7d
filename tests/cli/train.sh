# Training from the command line: the run folder, stops of every kind, what is refused.
expect 0 dbnet predict photos --model det.onnx --out found --format icdar
mkdir gts
for file in found/icdar/res_*.txt; do
  sed 's/$/,text/' "$file" > "gts/gt_${file#found/icdar/res_}"
done
cat > tiny.yaml <<'YAML'
model: {backbone: init}
init: det.onnx
data:
  train: [{format: icdar, images: photos, labels: gts}]
  val: [{format: icdar, images: photos, labels: gts}]
augment: {size: 96x128, crop: window, scale: [0.8, 1.2]}
optimizer: {rate: 1.0e-3}
validation: {every: 30, size: 192x320}
epochs: 90
batch_size: 2
ema: 0.9
checkpoint_minutes: 0.001
YAML

newest() { find "$1/checkpoints" -maxdepth 1 -name 'step-*[0-9]' | sort | tail -n 1; }

expect 0 dbnet train tiny.yaml --out whole
exists whole/config.yaml whole/train.log whole/events.jsonl whole/results.csv whole/best.onnx
is "$(find whole/checkpoints -mindepth 1 -maxdepth 1 | wc -l)" 2
last=$(newest whole)
expect 0 dbnet predict photo.jpg --model whole/best.onnx --size 192x320
is "$(grep -o '"score"' stdout | wc -l)" 3

# A finished run has nothing to do; a run with another configuration does not go on in its place.
expect 0 dbnet train tiny.yaml --out whole
is "$(newest whole)" "$last"
expect 2 dbnet train tiny.yaml optimizer.rate=2e-3 --out whole
says "optimizer.rate"
expect 0 dbnet train tiny.yaml --threads 1 --workers 2 --out whole
expect 0 dbnet train tiny.yaml epochs=1 --out whole --fresh
exists whole.old/config.yaml

# Killed at any moment and started again: every file that has its name is whole, and the end is the same.
for delay in 0.6 0.9 0.7 1.1 0.8 1.3 1.0; do
  "$DBNET_COMMAND" train tiny.yaml --out parts > stdout 2> stderr &
  process=$!
  sleep $delay
  kill -9 $process 2> /dev/null || true
  wait $process 2> /dev/null || true
  for file in parts/checkpoints/step-*[0-9]/weights.onnx parts/best.onnx; do
    [ ! -e "$file" ] || expect 0 dbnet model info "$file"
  done
done
expect 0 dbnet train tiny.yaml --out parts
cmp "$(newest parts)/weights.onnx" "$last/weights.onnx" 2> /dev/null ||
  cmp "$(newest parts)/weights.onnx" "whole.old/checkpoints/$(basename "$last")/weights.onnx" ||
  fail "killed and continued is not the same as uninterrupted"
is "$(find parts -name '*.tmp*' -o -name '*.partial' | wc -l)" 0

# A polite stop saves first.
"$DBNET_COMMAND" train tiny.yaml epochs=100000 checkpoint_minutes=60 --out polite > stdout 2> stderr &
process=$!
for _ in $(seq 200); do ! grep -q '"step"' polite/events.jsonl 2> /dev/null || break; sleep 0.1; done
kill -TERM $process
code=0
wait $process || code=$?
is $code 130
exists "$(newest polite)/weights.onnx"

# The models that ship go on learning.
for name in default accurate; do
  expect 0 dbnet train tiny.yaml init="$here/../../models/$name.onnx" epochs=1 --out "further_$name"
  exists "further_$name/best.onnx"
done

# What cannot be.
expect 2 dbnet train tiny.yaml precision=f16 --device cpu --out refused
says "precision is f16"
expect 2 dbnet train tiny.yaml optimzer.rate=1 --out refused
says "did you mean"
expect 3 dbnet train tiny.yaml init=photo.jpg model.backbone=resnet18 --out refused
says "photo.jpg"

# A line that is none costs itself.
echo "not a label" >> gts/gt_a.txt
expect 0 dbnet train tiny.yaml epochs=1 --out broken_line
says "gts/gt_a.txt:"
