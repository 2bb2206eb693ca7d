# Synthetic text: a data set that other verbs read, the same again, and what is refused.
expect 0 dbnet data synth --out set --count 6 --size 192x256 --seed 5 --image-format png
says "6 pictures"
exists set/images/000000.png set/images/000005.png set/gts/gt_000005.txt set/synth.yaml
expect 0 dbnet val --data set/images --model det.onnx
(cd set && find . -type f -exec sha256sum {} + | sort) > first
expect 0 dbnet data synth --out set --count 6 --size 192x256 --seed 5 --image-format png
says "6 were there"
expect 0 dbnet data synth --out again --count 6 --size 192x256 --seed 5 --image-format png --threads 1
(cd again && find . -type f -exec sha256sum {} + | sort) > second
cmp first second || fail "the pictures depend on the run"
expect 2 dbnet data synth --out set --count 6 --size 192x256 --seed 6
says "other options (seed: 5 -> 6)"

# Words of a file, on photographs, in a format with one file.
printf 'Alpha\nBeta gamma\n' > words.txt
expect 0 dbnet data synth --out street --count 3 --size 128x128 --words words.txt --format jsonl \
  --backgrounds photos --background-format none --lines
grep -qE '"text":"(Alpha|Beta|gamma|Beta gamma|Alpha Alpha)' street/labels.jsonl || fail "the words are not the file's"

expect 2 dbnet data synth --out other --format svg
says "unknown format 'svg'"
expect 2 dbnet data synth --out other --curved 2
says "curved is 2, expected 0 to 1"
expect 3 dbnet data synth --out other --words missing.txt
says "missing.txt"
expect 2 dbnet data synth --out other --backgrounds photos
says "say where the labels are"
: > empty.txt
expect 3 dbnet data synth --out other --words empty.txt
says "there is no word"
absent other/images/000000.jpg
