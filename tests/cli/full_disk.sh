# A full disk costs the images whose results do not fit, each with a message, and nothing else. Needs root: a file system of its own.
mkdir disk
mount -t tmpfs -o size=256k tmpfs disk 2> /dev/null || exit 0
trap 'umount "$work/disk"; rm -rf "$work"' EXIT

mkdir many
for i in 1 2 3 4 5 6 7 8; do cp photo.jpg many/$i.jpg; done
head -c 130000 /dev/zero > disk/filler
expect 1 dbnet predict --model det.onnx many --out disk/out --format json,jsonl,csv --save-maps
says "No space left on device"
done=$(ls disk/out/json | wc -l)
{ [ "$done" -gt 0 ] && [ "$done" -le 8 ]; } || fail "$done of 8 results"
lines=$(wc -l < disk/out/jsonl/predictions.jsonl)
[ "$lines" -gt 0 ] || fail "no lines"
is "$(find disk -name '*tmp*' | wc -l)" 0

# With room again the rest is done.
rm disk/filler
mount -o remount,size=4m disk
expect 0 dbnet predict --model det.onnx many --out disk/out --format json,jsonl --save-maps --skip-existing
is "$(wc -l < disk/out/jsonl/predictions.jsonl)" 8
is "$(ls disk/out/json | wc -l)" 8

# No room at all.
head -c 5000000 /dev/zero > disk/filler 2> /dev/null || true
expect 1 dbnet predict --model det.onnx many --out disk/other
says "No space left on device"
