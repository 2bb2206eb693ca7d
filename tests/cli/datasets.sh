# A data set in a file, and options beside it.
mkdir gts
expect 0 dbnet predict photos --model det.onnx --out found --format icdar
for file in found/icdar/res_*.txt; do
  sed 's/$/,text/' "$file" > "gts/gt_${file#found/icdar/res_}"
done
score() { dbnet val --model det.onnx --out runs/val "$@"; }

expect 0 score --data photos --labels gts
grep '^images\|^hmean' stdout > expected.txt
printf 'images: photos\nlabels: gts\n' > set.yaml
expect 0 score --data set.yaml
grep '^images\|^hmean' stdout | diff - expected.txt

# What is given beside the file wins.
printf 'data: {images: photos, labels: nowhere}\n' > wrong.yaml
expect 3 score --data wrong.yaml
expect 0 score --data wrong.yaml --labels gts

# Images without labels.
rm gts/gt_a.txt
expect 3 score --data set.yaml
says a.jpg
expect 0 score --data set.yaml --unlabelled negative

printf 'images: photos\nlables: gts\n' > typo.yaml
expect 3 score --data typo.yaml
says "typo.yaml:2: data: unknown key 'lables': did you mean 'labels'?"
printf 'data:\n- {images: photos}\n- {images: photos}\n' > two.yaml
expect 2 score --data two.yaml
says "two.yaml: has 2 data sets, expected one"
expect 3 score --data missing.yaml
says missing.yaml
expect 2 score --data set.yaml --resize 7
says "resize is '7'"
