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

for command in "" predict train val tune benchmark data "data synth" model "model info" doctor; do
  # shellcheck disable=SC2086
  expect 0 dbnet $command --help
  sed -n '/^Examples:$/,$s/^  //p' stdout > examples.txt
  is "$(wc -l < examples.txt)" 3
  while IFS= read -r example; do expect 0 eval "$example"; done < examples.txt
done
