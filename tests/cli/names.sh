# Names that are long or have anything in them; lists in every form; an image on stdin.
predict=(dbnet predict --model det.onnx)

# A name as long as the file system allows is done, and so are the others when its result has no room for a name.
long=$(printf 'n%.0s' {1..246}); longest=$(printf 'm%.0s' {1..251})
mkdir long; cp photo.jpg long/a.jpg; cp photo.jpg "long/$long.jpg"; cp photo.jpg long/z.jpg
expect 0 "${predict[@]}" long --out out --format json,jsonl,icdar --save-image --save-crops
exists out/json/a.json "out/json/$long.json" out/json/z.json
is "$(wc -l < out/jsonl/predictions.jsonl)" 3
cp photo.jpg "long/$longest.jpg"
expect 1 "${predict[@]}" long --out out2 --format json,jsonl
says "$longest"
says "File name too long"
exists out2/json/a.json "out2/json/$long.json" out2/json/z.json
is "$(wc -l < out2/jsonl/predictions.jsonl)" 3

# Control characters reach the terminal as text.
name=$'\e[31mx\ny.jpg'
cp bad/text.jpg "$name"
expect 3 "${predict[@]}" "$name"
says '\x1b[31mx\x0ay.jpg: is no image'
! grep -q $'\e' stderr || fail "ESC in a message"
expect 4 "${predict[@]}" -v photo.jpg $'\e[2J.jpg'
! grep -q $'\e' stderr || fail "ESC in a message"

# Lists: separated by zeros, with a mark, with what is no name.
mkdir listed; cp photo.jpg $'listed/a\nb.jpg'; cp photo.jpg listed/c.jpg
zeros() { find listed -name '*.jpg' -print0 | "${predict[@]}" -; }
expect 0 zeros
is "$(wc -l < stdout)" 2
marked() { printf '\xef\xbb\xbfphoto.jpg\r\nlisted/c.jpg\r\n' | "${predict[@]}" -; }
expect 0 marked
is "$(wc -l < stdout)" 2
stray() { printf '\0\nphoto.jpg\n' | "${predict[@]}" -; }
expect 4 stray
says "standard input:1: "
prints photo.jpg
wide() { printf '\xff\xfep\0h\0' | "${predict[@]}" -; }
expect 3 wide
says "UTF-16"

# An image itself.
direct() { "${predict[@]}" - --out direct < photo.jpg; }
expect 0 direct
says "1 image, 3 regions"
exists direct/json/stdin.json
