# SIGINT: what is in work is finished and kept, the rest is not begun; exit code 130. One of the images
# is a pipe that nobody has written to yet, so the signal arrives in the middle of the run.
mkfifo slow.jpg
mkdir many
for i in $(seq 100 150); do ln photo.jpg "many/$i.jpg"; done

"$DBNET_COMMAND" predict --model det.onnx --threads 1 --out out --format json,jsonl photo.jpg slow.jpg many \
  > stdout 2> stderr &
process=$!
for _ in $(seq 600); do [ ! -e out/json/100.json ] || break; sleep 0.1; done
exists out/json/100.json
kill -INT $process
cat photo.jpg > slow.jpg &
code=0
wait $process || code=$?
is $code 130
says "interrupted"
written=$(find out/json -name '*.json' | wc -l)
[ "$written" -lt 53 ] || fail "all images were done"
is "$(grep -c '"image"' out/jsonl/predictions.jsonl)" "$written"
is "$(find out -name '*.tmp*' | wc -l)" 0
