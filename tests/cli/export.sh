# From a run or a model to the file that a detector runs, and whether two models compute the same.
mkdir -p run/checkpoints/step-000000010 run/checkpoints/step-000000020
cp det.onnx run/checkpoints/step-000000010/weights.onnx
cp det.onnx run/checkpoints/step-000000020/weights.onnx

expect 0 dbnet export run
prints "run/checkpoints/step-000000020/weights.onnx -> run/model.onnx"
prints "opset 17, f32 weights"
prints "largest difference"
expect 0 dbnet model parity run run/model.onnx --runner-a reference
prints "the same"
expect 0 dbnet predict photo.jpg --model run/model.onnx
is "$(grep -o '"score"' stdout | wc -l)" 3
expect 0 dbnet model info run/model.onnx
prints "dbnet.size"

expect 2 dbnet export run --best
says "best.onnx"
cp det.onnx run/best.onnx
expect 0 dbnet export run --best --f16
prints "run/best.onnx -> run/model_f16.onnx"
prints "before rounding"
exists run/model_f16.onnx
expect 0 dbnet export run/checkpoints/step-000000010 --out here.onnx
exists here.onnx

# What is refused leaves nothing behind.
expect 0 dbnet export det.onnx --out named.onnx --metadata dbnet.licence=MIT --metadata 'dbnet.note=a=b'
expect 0 dbnet model info named.onnx
prints "dbnet.licence = MIT"
prints "dbnet.note = a=b"
expect 2 dbnet export det.onnx --out no.onnx --metadata licence
says "--metadata is 'licence', expected KEY=VALUE"
expect 3 dbnet export det.onnx --out no.onnx --metadata dbnet.threshold=high
says "dbnet.threshold"
absent no.onnx
expect 2 dbnet export run --best --last
expect 2 dbnet export det.onnx
says "--out"
expect 2 dbnet export det.onnx --out det.onnx
says "the weights are read from"
expect 2 dbnet export det.onnx --opset 30 --out no.onnx
expect 3 dbnet export photo.jpg --out no.onnx
expect 3 dbnet export missing --out no.onnx
says "missing"
expect 1 dbnet export det.onnx --out missing/no.onnx
mkdir empty
expect 2 dbnet export empty --out no.onnx
says "neither a checkpoint"
absent no.onnx missing

# Two models: the layer that differs first is named.
expect 0 dbnet model parity det.onnx here.onnx --data photos --layers
prints "a.jpg"
prints "Conv"
expect 1 dbnet model parity det.onnx det.onnx --runner-b reference --tolerance 0 --layers
prints "not the same"
prints "first layer beyond 0: "
expect 0 dbnet model parity det.onnx det.onnx --size 64x96 --runner-b reference
prints "[1, 3, 64, 96]"
expect 2 dbnet model parity det.onnx det.onnx --runner-a refrence
says "did you mean 'reference'"
expect 2 dbnet model parity det.onnx det.onnx --data empty
expect 3 dbnet model parity det.onnx photo.jpg
if [ -x "$(dirname "$DBNET_COMMAND")/dbnet-train" ]; then
  expect 0 dbnet model parity det.onnx run/model.onnx --runner-a libtorch --layers
  prints "the same"
else
  expect 1 dbnet model parity det.onnx run/model.onnx --runner-a libtorch
  says "dbnet-train"
fi
