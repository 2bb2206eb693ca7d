# Pictures, crops, maps; clashes; going on after an earlier run; what cannot be written.
expect 0 dbnet predict --model det.onnx --out out --save-image --save-crops --save-maps --explain photo.jpg
exists out/image/photo.jpg out/crops/photo/001.png out/crops/photo/003.png out/maps/photo.png
absent out/crops/photo/004.png
grep -q '"map_width": 320' out/maps/photo.json || fail "the map's width is not in its file"
grep -q '"threshold"' out/maps/photo.json || fail "the threshold is not in the map's file"

# The map is a picture that dbnet itself reads: bright where text is.
expect 0 dbnet predict --model det.onnx out/maps/photo.png
says "1 image, 3 regions"

# Crops that an earlier run left beyond the last region go.
touch out/crops/photo/004.png out/crops/photo/005.png
expect 0 dbnet predict --model det.onnx --out out --save-crops photo.jpg
absent out/crops/photo/004.png out/crops/photo/005.png

# Two images whose results would have the same name: an error for the second.
cp photo.jpg photos/a.png
expect 4 dbnet predict --model det.onnx --out clash photos
says "photos/a.png: its results would replace those of photos/a.jpg"
says "2 images, 6 regions"
expect 0 dbnet predict --model det.onnx --out clash --format jsonl photos
is "$(wc -l < clash/jsonl/predictions.jsonl)" 3
rm photos/a.png

# What is there is left alone or replaced; --skip-existing does the rest.
expect 0 dbnet predict --model det.onnx --out again --format json,jsonl,coco photo.jpg photos/a.jpg
touch -d 2001-01-01 again/json/a.json
expect 0 dbnet predict --model det.onnx --out again --format json,jsonl,coco --skip-existing \
  photo.jpg photos/a.jpg photos/b.jpg
says "1 image, 3 regions"
says "2 skipped"
is "$(date -r again/json/a.json +%Y)" 2001
is "$(wc -l < again/jsonl/predictions.jsonl)" 3
tool compare 0.02 jsonl again/jsonl/predictions.jsonl coco again/coco/predictions.json
rm again/json/a.json
expect 0 dbnet predict --model det.onnx --out again --format json,jsonl --skip-existing photo.jpg photos/a.jpg
says "1 skipped"
is "$(wc -l < again/jsonl/predictions.jsonl)" 3
expect 0 dbnet predict --model det.onnx --out again photos/a.jpg
is "$(date -r again/json/a.json +%Y)" "$(date +%Y)"
exists again/json/photo.json

# An output folder that cannot be made ends the run; a file that cannot be written costs its image.
echo file > file
expect 1 dbnet predict --model det.onnx --out file photo.jpg photos
says "file/json: cannot make this folder"
mkdir -p taken/json/photo.json
expect 1 dbnet predict --model det.onnx --out taken photo.jpg photos
says "taken/json/photo.json"
says "2 images, 6 regions"
exists taken/json/a.json taken/json/b.json
mkdir -p taken/csv/predictions.csv
expect 1 dbnet predict --model det.onnx --out taken --format csv photo.jpg
says "taken/csv/predictions.csv"
is "$(ls taken/csv)" predictions.csv
full() { dbnet predict --model det.onnx photo.jpg photos > /dev/full; }
expect 1 full
says "standard output: cannot write"
