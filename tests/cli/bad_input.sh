# Images that cannot be used are refused with a message each, the others are done.
shopt -s nullglob
good=(kinds/*) bad=(bad/*)
[ ${#good[@]} -gt 20 ] || fail "too few kinds of images"
[ ${#bad[@]} -gt 8 ] || fail "too few bad images"

expect 4 dbnet predict --model det.onnx --out out --format jsonl bad kinds photo.jpg --recursive
is "$(grep -c '^error: bad/' stderr)" ${#bad[@]}
for image in "${bad[@]}"; do says "error: $image"; done
is "$(wc -l < out/jsonl/predictions.jsonl)" $((${#good[@]} + 1))
for image in "${good[@]}"; do grep -qF "\"$image\"" out/jsonl/predictions.jsonl || fail "$image is missing"; done
tool finds jsonl out/jsonl/predictions.jsonl mislabelled photo

# Nothing but bad images.
expect 3 dbnet predict --model det.onnx bad
says "0 images, 0 regions"

# The limit is checked before anything is decoded.
expect 4 dbnet predict --model det.onnx --max-pixels 1000 kinds/tiny.png photo.jpg
says "photo.jpg"

# Files that are not there or may not be read.
expect 4 dbnet predict --model det.onnx missing.jpg photo.jpg
says "missing.jpg: cannot open"
ln -s nowhere photos/broken.jpg
expect 4 dbnet predict --model det.onnx photos
says "photos/broken.jpg: cannot open"
if [ "$(id -u)" != 0 ]; then
  chmod 000 photos/a.jpg
  expect 4 dbnet predict --model det.onnx photos
  says "photos/a.jpg: cannot open: Permission denied"
fi

# A warning that many images give is said once.
cp kinds/*.gif photos/ 2> /dev/null || true
expect 4 dbnet predict --model det.onnx -v kinds/animated.gif kinds/animated.gif missing.jpg
is "$(grep -c 'first' stderr)" 1
