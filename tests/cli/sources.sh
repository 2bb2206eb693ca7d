# Files, folders, patterns, lists on stdin; the path below SOURCE is kept.
predict=(dbnet predict --model det.onnx --out)

expect 0 "${predict[@]}" folder photos
exists folder/json/a.json folder/json/b.json
absent folder/json/deep
says "2 images, 6 regions"

ln -s .. photos/deep/loop
ln -s "$PWD/photo.jpg" photos/link.jpg
expect 0 "${predict[@]}" below photos --recursive
exists below/json/a.json below/json/b.json below/json/deep/c.json below/json/link.json
says "4 images"

expect 0 "${predict[@]}" pattern 'photos/*.jpg' 'ph?to.jpg'
exists pattern/json/a.json pattern/json/b.json pattern/json/link.json pattern/json/photo.json
expect 4 "${predict[@]}" pattern 'photos/*.gif' photo.jpg
says "photos/*.gif: matches no file"

list() { find photos -name '*.jpg' -type f | sort | dbnet predict --model det.onnx --out list -; }
expect 0 list
exists list/json/photos/a.json list/json/photos/deep/c.json

# Results come in the order of the inputs.
expect 0 dbnet predict --model det.onnx --threads 2 photo.jpg photos turned.jpg
is "$(grep -o '"image":"[^"]*"' stdout | tr '\n' ' ')" \
  '"image":"photo.jpg" "image":"photos/a.jpg" "image":"photos/b.jpg" "image":"photos/link.jpg" "image":"turned.jpg" '

# A folder without images, alone and among others.
mkdir nothing
expect 3 "${predict[@]}" out nothing
says "nothing: no images in this folder"
expect 4 "${predict[@]}" out nothing photo.jpg
expect 3 "${predict[@]}" out - < /dev/null
