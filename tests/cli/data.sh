# data check lists what is wrong, with file and line; data view draws samples.
mkdir -p set/images set/gts
for stem in 1 2 3; do
  cp photo.jpg "set/images/$stem.jpg"
  echo "32,32,112,32,112,56,32,56,bar" > "set/gts/gt_$stem.txt"
done
expect 0 dbnet data check --data set/images
prints "images    3"
prints "texts     3, 0 ignored"
prints "findings  0 errors, 0 warnings, 3 notes"  # the pictures are grey
is "$(wc -l < stdout)" 3

# Each of two malformed lines, an outline in the wrong order, a truncated image, labels without image.
printf '1,2,3\n32,32,112,32,112,56,32,56,bar\n32,32,112,56,112,32,32,56,bow\na,b\n' > set/gts/gt_2.txt
cp bad/truncated.jpg set/images/4.jpg
cp set/gts/gt_1.txt set/gts/gt_4.txt
cp set/gts/gt_1.txt set/gts/gt_9.txt
expect 4 dbnet data check --data set/images --json findings.json
prints "set/gts/gt_2.txt:1: error: expected x1,y1"
prints "set/gts/gt_2.txt:3: error: the outline crosses"
prints "set/gts/gt_2.txt:4: error: expected x1,y1"
prints "set/images/4.jpg: error: broken or truncated JPEG"
prints "set/gts/gt_9.txt: warning: there is no image to these labels"
prints "images    4, 1 cannot be used"
prints "findings  4 errors, 1 warnings"
is "$(grep -c '"severity"' findings.json)" 8
is "$(tail -1 findings.json | grep -c '"complete":true')" 1

# Notes on request.
printf '32,32,112,32,112,56,32,56,bar\n32,60,112,60,112,64,32,64,low\n' > set/gts/gt_3.txt
expect 4 dbnet data check --data set/images
prints "4 notes (--notes lists them)"
expect 4 dbnet data check --data set/images --notes
prints "set/gts/gt_3.txt:2: note: is 4 pixels high or wide"

# Nothing that can be used: 3.
expect 3 dbnet data check --data bad --labels set/gts
expect 3 dbnet data check --data nowhere --labels set/gts
says "nowhere"
mkdir empty
expect 3 dbnet data check --data empty --labels set/gts
says "no images"
expect 2 dbnet data check --data set/images --data-format odd
says "expected one of"
expect 2 dbnet data check
expect 2 dbnet data
says "expected a verb: check view synth"

# Samples: the same for the same seed, others for another one or another epoch.
cp set/gts/gt_1.txt set/gts/gt_2.txt
rm set/images/4.jpg
expect 0 dbnet data view --data set/images augment.size=96x96 --count 2 --out a.png
expect 0 dbnet data view --data set/images augment.size=96x96 --count 2 --out b.png
expect 0 dbnet data view --data set/images augment.size=96x96 --count 2 --epoch 1 --out c.png
expect 0 dbnet data view --data set/images augment.size=96x96 --count 2 --seed 7 --out d.png
cmp a.png b.png
for other in c d; do ! cmp -s a.png $other.png || fail "$other.png is the same"; done
expect 0 dbnet data show --data set/images augment.size=96x96 --count 2 --out e.png
cmp a.png e.png
expect 0 dbnet data view --data set/images augment.size=96x96 --count 2 --augmented --out f.png
! cmp -s a.png f.png || fail "--augmented adds nothing"
expect 2 dbnet data view
says "no data set"
expect 2 dbnet data view --data set/images augment.rotaton=3
says "rotation"
expect 2 dbnet data view --data set/images --count 0
