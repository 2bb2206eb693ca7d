# Every --help ends with three examples, and they work in the folder of the repository, one after the other.
root=$(realpath "$here/../..")
ln -s "$root/models" .
cp -r "$root/samples" .

# What the examples of dbnet train need: their own data set and configuration.
expect 0 dbnet predict photos --model det.onnx --out found --format icdar
mkdir gts
for file in found/icdar/res_*.txt; do
  sed 's/$/,text/' "$file" > "gts/gt_${file#found/icdar/res_}"
done
cat > my.yaml <<'YAML'
model: {backbone: init}
init: det.onnx
data: {train: [{format: icdar, images: photos, labels: gts}]}
augment: {size: 64x96, crop: window}
batch_size: 1
epochs: 2
YAML
verbs=("" predict val tune export benchmark data "data check" "data convert" "data stats" "data split" "data view" "data synth" model "model info" "model parity" doctor)
[ ! -x "$(dirname "$DBNET_COMMAND")/dbnet-train" ] || verbs+=(train)

for verb in "${verbs[@]}"; do
  # shellcheck disable=SC2086
  expect 0 dbnet $verb --help
  sed -n '/^Examples:$/,$s/^  //p' stdout > examples.txt
  is "$(wc -l < examples.txt)" 3
  while IFS= read -r example; do expect 0 eval "$example"; done < examples.txt
done

# Where a verb takes a model, its help says which one it is without.
for verb in predict val tune; do
  expect 0 dbnet $verb --help
  tr -s ' \n' ' ' < stdout | grep -q -- 'a DB text detector in ONNX; default: models/default.onnx, which ships' ||
    fail "$verb --help does not say what --model is without it"
done
