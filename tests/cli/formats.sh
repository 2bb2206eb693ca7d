# Every format is written and, where there is a reader, reads back to the same outlines.
all=json,jsonl,icdar,csv,paddle,labelme,coco,svg

expect 0 dbnet predict --model det.onnx --out out --format "$all" photo.jpg
tool finds json out/json/photo.json photo
tool finds icdar out/icdar/res_photo.txt photo
exists out/jsonl/predictions.jsonl out/csv/predictions.csv out/paddle/predictions.txt \
  out/labelme/photo.json out/coco/predictions.json out/svg/photo.svg
is "$(grep -c '<polygon' out/svg/photo.svg)" 3
grep -q 'href="../../photo.jpg"' out/svg/photo.svg || fail "the overlay does not find its image"

# The same outlines in every format and shape, the EXIF-rotated image included.
for shape in quad polygon rect; do
  expect 0 dbnet predict --model det.onnx --out "out-$shape" --shape $shape --format "$all" photo.jpg turned.jpg
  for stem in photo turned; do
    tool finds json "out-$shape/json/$stem.json" $stem
    tool compare 0.02 json "out-$shape/json/$stem.json" jsonl "out-$shape/jsonl/predictions.jsonl"
    tool compare 0.02 json "out-$shape/json/$stem.json" csv "out-$shape/csv/predictions.csv"
    tool compare 0.02 json "out-$shape/json/$stem.json" paddle "out-$shape/paddle/predictions.txt"
    # Polygons have fewer points there.
    [ $shape = polygon ] || tool compare 0.02 json "out-$shape/json/$stem.json" labelme "out-$shape/labelme/$stem.json"
    tool finds labelme "out-$shape/labelme/$stem.json" $stem
    tool compare 0.02 json "out-$shape/json/$stem.json" coco "out-$shape/coco/predictions.json"
    tool compare 0.51 json "out-$shape/json/$stem.json" icdar "out-$shape/icdar/res_$stem.txt"
  done
done

# Scores are appended to ICDAR's lines on request only.
is "$(head -1 out/icdar/res_photo.txt | tr -dc , | wc -c)" 7
expect 0 dbnet predict --model det.onnx --out out --format icdar --scores photo.jpg
is "$(head -1 out/icdar/res_photo.txt | tr -dc , | wc -c)" 8

# Without --out: JSON lines on stdout, and nothing else there.
expect 0 dbnet predict --model det.onnx photo.jpg turned.jpg
is "$(wc -l < stdout)" 2
cp stdout lines.jsonl
tool finds jsonl lines.jsonl photo turned
says "2 images, 6 regions"
expect 0 dbnet predict --model det.onnx --shape rect photo.jpg
prints '"rect":['

# Every candidate with the reason why it was dropped.
expect 0 dbnet predict --model det.onnx --explain --box-threshold 1 photo.jpg
prints '"regions":[]'
prints '"verdict":"low_score"'
