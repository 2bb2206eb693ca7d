# Models that are none; model info, benchmark and doctor.
for verb in "predict photo.jpg --model" "model info" benchmark; do
  for file in bad/text.jpg bad/empty.jpg bad/random.jpg photo.jpg missing.onnx .; do
    # shellcheck disable=SC2086
    expect 3 dbnet $verb "$file"
    says "$file"
  done
done

expect 0 dbnet model info det.onnx
for text in image probability Conv Sigmoid dbnet.size; do prints "$text"; done
expect 0 dbnet model info det.onnx --size 64x96
prints 64

expect 0 dbnet benchmark det.onnx --size 64x96 --threads 1 --runs 5
prints "median"
expect 0 dbnet benchmark det.onnx --size 64x96 --runs 5 --json
for key in median_ms min_ms p90_ms output_checksum; do prints "\"$key\":"; done
first=$(grep -o '"output_checksum":[^,}]*' stdout)
expect 0 dbnet benchmark det.onnx --size 64x96 --runs 2 --threads 2 --json
is "$(grep -o '"output_checksum":[^,}]*' stdout)" "$first"
expect 0 dbnet benchmark det.onnx --size 64x96 --runs 2 --profile
prints "Conv"

expect 0 dbnet doctor
for text in oneDNN OpenCV "instruction sets" threads "engine"; do prints "$text"; done
