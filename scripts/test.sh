#!/usr/bin/env bash
# Builds and runs every test.
# usage: test.sh [--asan | --tsan | --tidy] [--no-install] [-- CTEST-ARGUMENTS...]
#   --asan   with the address and undefined-behaviour sanitizers
#   --tsan   with the thread sanitizer; without the tests that start OpenMP teams, which it does not understand
#   --tidy   clang-tidy over the sources instead
# DBNET_GOLDEN, DBNET_MODELS and DBNET_DATA (tests/support/golden.hpp) add the tests against reference outputs.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."

preset=release tidy=no build=()
while [ $# -gt 0 ]; do
  case $1 in
    --asan) preset=asan ;;
    --tsan) preset=tsan ;;
    --tidy) tidy=yes ;;
    --no-install) build+=(--no-install) ;;
    -h|--help) sed -n '2,7s/^# //p' "$0"; exit 0 ;;
    --) shift; break ;;
    *) echo "test.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done

scripts/build.sh --preset "$preset" "${build[@]}"

if [ "$tidy" = yes ]; then
  git ls-files 'src/*.cpp' | grep -vE '_(test|bench)\.cpp$' \
    | xargs -P "$(nproc)" -n 4 clang-tidy --quiet --warnings-as-errors='*' -p "build/$preset"
  exit
fi

case $preset in
  asan) export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=0 UBSAN_OPTIONS=print_stacktrace=1 \
               LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp ;;
  tsan) set -- -E '^(engine|engine_.*|golden_engine|golden_networks|cli|portable)\.' "$@"
        export TSAN_OPTIONS=suppressions=$PWD/tests/tsan.supp:halt_on_error=1:second_deadlock_stack=1 ;;
esac
ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel "$(nproc)" "$@"
