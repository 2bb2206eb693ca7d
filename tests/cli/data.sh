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
says "expected a verb: check view convert stats split synth"

# All texts illegible: nothing to learn.
mkdir -p none/images none/gts
cp photo.jpg none/images/1.jpg
echo "32,32,112,32,112,56,32,56,###" > none/gts/gt_1.txt
expect 4 dbnet data check --data none/images
prints "there is nothing to learn"

# The same image in two data sets.
expect 4 dbnet data check --data set/images --against none/images
prints "set/images/1.jpg: error: shows the same as none/images/1.jpg"

# Labels of one format written in others, which are recognised again; what is left out is told.
expect 0 dbnet data convert --data set/images
says "labels of the format icdar in set/gts"
says "set/gts/gt_2.txt:1: expected x1,y1"
is "$(wc -l < stdout)" 4
expect 3 dbnet data convert --data set/images --strict
says "set/gts/gt_2.txt:1: expected x1,y1"
expect 0 dbnet data convert --data set/images --format coco,yolo,labelme --out converted
for labels in coco/labels.json yolo labelme; do
  expect 0 dbnet data convert --data set/images --labels converted/$labels --unlabelled negative
  is "$(wc -l < stdout)" 4
  is "$(grep -o '"polygon"' stdout | wc -l)" 6
done
expect 2 dbnet data convert --data set/images --format svgg --out x
expect 2 dbnet data convert --data set/images --format coco
says "go together"

expect 0 dbnet data stats --data set/images --json stats.json
prints "images                4, 0 without text"
is "$(grep -c '"texts": 6' stats.json)" 1

expect 4 dbnet data split --data set/images --out parts --parts a=1,b=1
says "show the same as another"
is "$(cat parts/a.jsonl parts/b.jsonl | wc -l)" 3  # one of the four is truncated
expect 2 dbnet data split --data set/images --out parts --parts a
says "is no division"

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
