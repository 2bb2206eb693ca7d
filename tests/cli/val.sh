# val and tune: what is scored, what happens with images that cannot be used, and after SIGINT.
mkdir images gts
for name in a b c; do cp photo.jpg "images/$name.jpg"; done
expect 0 dbnet predict images --model det.onnx --out found --format icdar
for name in a b c; do sed 's/$/,text/' "found/icdar/res_$name.txt" > "gts/gt_$name.txt"; done
set_of=(--data images --labels gts --model det.onnx)

expect 0 dbnet val "${set_of[@]}" --out all
prints "images     3, 9 texts, 9 found"
prints "hmean      1.0000"
exists all/summary.json all/images.csv all/submission.zip all/precision_recall.svg all/score_threshold.png
expect 0 dbnet val "${set_of[@]}" --limit 1 --out one
prints "images     1, 3 texts, 3 found"
# The options of predict change what is found.
expect 0 dbnet val "${set_of[@]}" --min-size 1000 --unclip exact --score-mode box --out none
prints "images     3, 9 texts, 0 found"
expect 2 dbnet val "${set_of[@]}" --unclip more
says "--unclip is 'more', expected a number or exact"

# The page of errors.
echo "0,0,9,0,9,9,0,9,missed" >> gts/gt_b.txt
expect 0 dbnet val "${set_of[@]}" --report report --out all
exists report/index.html report/full/1.jpg report/small/3.jpg report/errors/2-0.jpg
absent report/errors/1-0.jpg
grep -q '"explained":true' report/index.html || fail "no reasons in the page"
expect 0 dbnet val "${set_of[@]}" --report report --out all --max-candidates 1
grep -q '"warnings":\["2 candidates more than the limit of 1' report/index.html || fail "no warning in the page"
expect 0 dbnet val --data images --labels gts --pred found/icdar --report report --out all
grep -q '"explained":false' report/index.html || fail "reasons of nothing"

# An image that is none: the rest goes on.
echo "no image" > images/b.jpg
expect 4 dbnet val "${set_of[@]}" --report report --out all
says "images/b.jpg"
prints "images     3, 10 texts, 6 found"
prints "precision  1.0000"
expect 4 dbnet tune "${set_of[@]}" --out tuned --thresholds 0.3 --unclips 1.5,exact
says "images/b.jpg"
prints "R 0.6000"
exists tuned/model.onnx tuned/sweep.csv
expect 2 dbnet val "${set_of[@]}" --limit 0
expect 0 dbnet val --data images --labels gts --pred found/icdar --out all  # needs no images

# The speed figure.
expect 4 dbnet val "${set_of[@]}" --speed --out speed
prints "2 images, 50 times each"
prints "postprocess"
grep -q '"p99"' speed/speed.json || fail "no times in speed.json"
expect 2 dbnet val --data images --labels gts --pred found/icdar --speed
rm images/[ac].jpg gts/gt_[ac].txt
expect 3 dbnet val "${set_of[@]}"
says "no image could be used"

# Parts of a data set that are held back in turn: their results together are those of all.
mkdir -p turns/images turns/gts
for i in 1 2 3 4 5; do
  cp photo.jpg "turns/images/$i.jpg"
  sed 's/$/,text/' found/icdar/res_a.txt > "turns/gts/gt_$i.txt"
done
expect 0 dbnet val --data turns/images --model det.onnx --split holdout --out default
prints "images     1, 3 texts"
for part in 1 2; do
  expect 0 dbnet val --data turns/images --model det.onnx --split holdout --holdout $part/2 --out "part$part"
  prints "images     $((4 - part)), "
done
expect 0 dbnet val --data turns/images --pred part1/submission.zip part2/submission.zip --out both
prints "images     5, 15 texts, 15 found"
prints "hmean      1.0000  (95 %: 0.7961 to 1.0000)"  # Wilson's interval of 15 of 15: the images alone do not differ
grep -q '"hmean_95"' both/summary.json || fail "no interval in summary.json"
expect 2 dbnet val --data turns/images --pred part1/submission.zip part1/submission.zip --out both
says "a second result for 1"
expect 0 dbnet tune --data turns/images --model det.onnx --split holdout --holdout 3,5.jpg --out turns/tuned
prints "within one standard error"
expect 0 dbnet model info turns/tuned/model.onnx
prints "dbnet.tuning = icdar hmean 1.0000 (95 %: 0.6097 to 1.0000) on 2 images"

# Results of unknown images; broken ones.
expect 2 dbnet val --data images --labels gts --pred found/icdar
says "which is no image of the data set"
mkdir broken
echo "1,2,3,x" > broken/res_b.txt
expect 3 dbnet val --data images --labels gts --pred broken
says "broken/res_b.txt:1: "

# SIGINT, given after the first of many images: nothing is written by val; tune keeps the maps.
cp photo.jpg images/a.jpg
cp gts/gt_b.txt gts/gt_a.txt
for i in $(seq 1000 2000); do ln images/a.jpg "images/$i.jpg"; ln gts/gt_a.txt "gts/gt_$i.txt"; done
interrupt() {
  "$DBNET_COMMAND" "$@" --threads 1 > stdout 2> stderr &
  local process=$! code=0
  for _ in $(seq 600); do ! "${reached[@]}" > /dev/null || break; sleep 0.1; done
  kill -INT $process
  wait $process || code=$?
  is $code 130
  says interrupted
}
reached=(grep -q 'images/0.jpg' stderr)  # no image, and the first
echo "no image" > images/0.jpg
ln gts/gt_a.txt gts/gt_0.txt
interrupt val "${set_of[@]}" --out stopped
absent stopped
reached=(compgen -G 'kept/*/maps/1000.json')
interrupt tune "${set_of[@]}" --out kept
absent kept/model.onnx
[ "$(find kept -name '*.json' | wc -l)" -lt 1002 ] || fail "all maps were computed"
