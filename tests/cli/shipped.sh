# The models that ship: what their files say, that the samples' text is found without --model, and that training goes on from them.
root=$(realpath "$here/../..")
for name in default accurate; do
  expect 0 dbnet model info "$root/models/$name.onnx"
  for key in color_order mean std size threshold box_threshold unclip_ratio shrink_ratio training licence; do
    prints "dbnet.$key"
  done
  exists "$root/models/$name.md"
done
[ "$(stat -c %s "$root/models/default.onnx")" -le 10000000 ] || fail "default.onnx is too large"
[ "$(stat -c %s "$root/models/accurate.onnx")" -le 26000000 ] || fail "accurate.onnx is too large"

expect 0 dbnet predict "$root/samples" --out found --format json
for picture in "$root"/samples/*.jpg; do
  grep -q '"quad"' "found/json/$(basename "$picture" .jpg).json" || fail "no text in $picture"
done
