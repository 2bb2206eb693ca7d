# What is wrong with a command line is said, with what was meant or what there is; exit code 2.
refuses() { local text=$1; shift; expect 2 dbnet "$@"; says "$text"; }

refuses "expected a verb: predict train val tune export benchmark data model doctor"
refuses "unknown verb 'predikt': did you mean 'predict'?" predikt
refuses "unknown option --shpae: did you mean --shape?" predict --model det.onnx photo.jpg --shpae=quad
refuses "unknown option --qqqqqq" predict --model det.onnx photo.jpg --qqqqqq
refuses "SOURCE" predict --model det.onnx
refuses "unknown format 'jsn': did you mean 'json'? Available: json, jsonl, icdar, csv, paddle, labelme, coco, mmocr, totaltext, ctw1500, yolo, svg" \
  predict --model det.onnx --out out --format csv,jsn photo.jpg
refuses "unknown preset 'padle': did you mean 'paddle'? Available: native, mhliao, mmocr, paddle" \
  predict --model det.onnx --preset padle photo.jpg
refuses "unknown shape 'box'" predict --model det.onnx --shape box photo.jpg
refuses "unknown score mode 'fast'" predict --model det.onnx --score-mode fast photo.jpg
for option in "--format csv" --save-image --save-crops --save-maps --skip-existing; do
  # shellcheck disable=SC2086
  refuses "requires --out" predict --model det.onnx photo.jpg $option
done
refuses "threshold" predict --model det.onnx --threshold 1.5 photo.jpg
refuses "threshold" predict --model det.onnx --threshold nan photo.jpg
refuses "box_threshold" predict --model det.onnx --box-threshold -1 photo.jpg
refuses "unclip" predict --model det.onnx --unclip 0 photo.jpg
refuses "--unclip is 'more', expected a number or exact" predict --model det.onnx --unclip more photo.jpg
refuses "min_size" predict --model det.onnx --min-size -1 photo.jpg
refuses "max_candidates" predict --model det.onnx --max-candidates 0 photo.jpg
refuses "max_input_pixels" predict --model det.onnx --max-input-pixels 10 photo.jpg
refuses "--max-pixels" predict --model det.onnx --max-pixels 0 photo.jpg
refuses "--threads" predict --model det.onnx --threads -1 photo.jpg
refuses "size" predict --model det.onnx --size huge photo.jpg
refuses "excludes" predict --model det.onnx -q -v photo.jpg
cp "$DBNET_COMMAND" alone  # away from the model that ships
expect 2 ./alone predict photo.jpg
says "no model: pass --model"
# Away from the program that trains, too: the help is there, the rest says what to do.
expect 0 ./alone train --help
prints "--fresh"
expect 1 ./alone train mine.yaml --out trained
says "run scripts/build.sh"
expect 1 ./alone model parity det.onnx det.onnx --runner-b libtorch
says "run scripts/build.sh"
absent trained
refuses "unknown option --frsh: did you mean --fresh?" train --frsh
refuses "MODEL" benchmark
refuses "--size is '736', expected HEIGHTxWIDTH" benchmark det.onnx --size 736
refuses "--size is '0x5', expected HEIGHTxWIDTH" benchmark det.onnx --size 0x5
refuses "--runs" benchmark det.onnx --runs 0
refuses "expected a verb: info" model
refuses "unknown verb 'infos': did you mean 'info'?" model infos
refuses "unexpected argument 'now'" doctor now
absent out

# What people of other programs type, what is half typed, and numbers of other countries.
refuses "unknown verb 'help': did you mean 'dbnet predict --help'?" help predict
refuses "unknown verb 'help': did you mean 'dbnet --help'?" help
refuses "unknown verb 'version': did you mean 'dbnet --version'?" version
refuses "unknown verb 'detect': did you mean 'predict'?" detect photo.jpg
refuses "unknown verb 'info': did you mean 'model info'?" info det.onnx
for option in -o --output; do
  refuses "unknown option $option: did you mean --out?" predict photo.jpg $option out
done
for option in -i --input; do
  refuses "unknown option $option: files are named without an option: dbnet predict photo.jpg" predict $option photo.jpg
  refuses "unknown option $option: did you mean --data?" val $option photos
done
for verb in "predict photo.jpg" "val --data photos" "benchmark det.onnx"; do
  for option in "--device cuda" --device=cuda --gpu; do
    # shellcheck disable=SC2086
    refuses "${option%%[ =]*}: detection runs on the CPU; only dbnet train takes --device" $verb $option
  done
done
refuses "--threshold is '0,4', expected a number such as 0.4" predict photo.jpg --threshold 0,4
refuses "--min-size is 'three', expected a number" predict photo.jpg --min-size three
refuses "--max-candidates is '1.5', expected a whole number" predict photo.jpg --max-candidates 1.5
refuses "--thresholds is '0.3,x', expected numbers: a,b,c" tune --data photos --thresholds 0.3,x
refuses "--threads is '-1', expected 0 to 4096" predict photo.jpg --threads -1
refuses "--threads is 'all', expected 0 to 4096" predict photo.jpg --threads all
refuses "--ignore-below is '-1', expected 0 to 1e+06" val --data photos --ignore-below -1
refuses "--out has no value, expected DIR" predict photo.jpg --out
refuses "--model has no value, expected FILE" predict photo.jpg --model
refuses "--holdout without --split" val --data photos --labels gts --holdout 1/4
refuses "holdout is '5/4', expected a part of parts such as 2/4" val --data photos --split holdout --holdout 5/4
mkdir gts
refuses "gts: has no images, but photos, which is said to have the labels, has: are the two swapped?" \
  val --data gts --labels photos
absent out

# Every option of issue and documentation is taken.
expect 0 dbnet predict --model det.onnx photo.jpg --preset native --size 192 --threshold 0.3 \
  --box-threshold 0.5 --unclip 1.5 --min-size 3 --max-candidates 100 --score-mode box --dilate \
  --max-pixels 100000 --max-input-pixels 100000 --tile --threads 1 --shape quad --explain
for preset in native mhliao mmocr paddle; do
  for shape in quad polygon; do
    expect 0 dbnet predict --model det.onnx photo.jpg --preset $preset --shape $shape --size 192
    prints '"regions":[{"score":'
  done
done
expect 0 dbnet predict --model det.onnx photo.jpg --unclip exact
expect 0 dbnet --version
prints "dbnet "
