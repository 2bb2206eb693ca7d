# -q, -v, --log-json, NO_COLOR, the progress bar.
expect 4 dbnet predict --model det.onnx -q photo.jpg missing.jpg
is "$(wc -l < stderr)" 1
expect 0 dbnet predict --model det.onnx -q photo.jpg photos
is "$(wc -c < stderr)" 0
expect 0 dbnet predict --model det.onnx -v photo.jpg photos
says "photos/a.jpg: 3 regions, "
expect 0 dbnet predict --model det.onnx photo.jpg photos
is "$(wc -l < stderr)" 1
expect 0 dbnet predict --model det.onnx --out out/ photo.jpg photos
says "3 images, 9 regions, "
says " images/s -> out/"

expect 4 dbnet predict --model det.onnx --log-json photo.jpg missing.jpg
is "$(grep -cE '^\{"time":"[0-9TZ:-]+","level":"(error|info)","message":".*"\}$' stderr)" 2
is "$(wc -l < stderr)" 2

# On a terminal: a progress bar, colours unless NO_COLOR.
on_terminal() { script -qec "$1" /dev/null < /dev/null > terminal; }
if command -v script > /dev/null; then
  predict="$DBNET_COMMAND predict --model det.onnx --out bar photo.jpg missing.jpg photos"
  on_terminal "$predict" && fail "exit code 0 with a missing image"
  grep -q 'images/s' terminal || fail "no progress bar"
  grep -q $'\033\[31merror' terminal || fail "no colour"
  NO_COLOR=1 on_terminal "$predict" && fail "exit code 0 with a missing image"
  ! grep -q $'\033\[31m' terminal || fail "coloured in spite of NO_COLOR"
fi
