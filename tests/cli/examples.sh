# Every --help ends with three examples, and they work.
for command in "" predict benchmark model "model info" doctor; do
  # shellcheck disable=SC2086
  expect 0 dbnet $command --help
  sed -n '/^Examples:$/,$s/^  //p' stdout > examples.txt
  is "$(wc -l < examples.txt)" 3
  while IFS= read -r example; do expect 0 eval "$example"; done < examples.txt
done
