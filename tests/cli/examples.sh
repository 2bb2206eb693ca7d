# Every --help ends with three examples, and they work.
# Labels for val and tune: what the model itself finds, and one image for the holdout.
cp photos/a.jpg photos/img_10.jpg
expect 0 dbnet predict photos --model det.onnx --out found --format icdar
mkdir gts
for file in found/icdar/res_*.txt; do
  sed 's/$/,text/' "$file" > "gts/gt_${file#found/icdar/res_}"
done
expect 0 dbnet val --data photos --labels gts --model det.onnx
cp runs/val/submission.zip results.zip

cat > my.yaml <<'YAML'
model: {backbone: init}
init: det.onnx
data: {train: [{format: icdar, images: photos, labels: gts}]}
augment: {size: 64x96, crop: window}
batch_size: 1
epochs: 2
YAML

# A run, of which dbnet export and dbnet model know nothing but its weights.
mkdir -p runs/train/mine/checkpoints/step-000000010
cp det.onnx runs/train/mine/checkpoints/step-000000010/weights.onnx

for command in "" predict train val tune export benchmark data "data check" "data view" "data synth" model "model info" "model parity" doctor; do
  # shellcheck disable=SC2086
  expect 0 dbnet $command --help
  sed -n '/^Examples:$/,$s/^  //p' stdout > examples.txt
  is "$(wc -l < examples.txt)" 3
  while IFS= read -r example; do expect 0 eval "$example"; done < examples.txt
done
