#!/usr/bin/env bash
# Installs the build into a fresh folder and uses it from there as a stranger would: find_package, pkg-config, C and C++.
# usage: install_test.sh BUILD_FOLDER WRITE_TINY_MODEL
set -euo pipefail
build=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=$work/tiny.onnx
"$2" "$model"

DESTDIR="" cmake --install "$build" --prefix "$work/prefix" > "$work/install.log"

# Debian's -dev packages are in the compiler's default path here, so that nothing of them is needed is checked by text.
if grep -rnE '#include <(opencv2|oneapi|onnx|tbb|nlohmann|hwy|polyclipping|google)' "$work/prefix/include" \
    | grep -v 'dbnet/opencv.hpp'; then
  echo "an installed header includes a third-party header"; exit 1
fi

libraries=$(dirname "$(find "$work/prefix" -name libdbnet.so)")
unset LD_LIBRARY_PATH  # what is linked with the packages finds the library by itself
cmake -S "$here" -B "$work/cmake" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" > "$work/configure.log"
cmake --build "$work/cmake" > "$work/build.log" || { cat "$work/build.log"; exit 1; }
"$work/cmake/cpp_user" "$model"
"$work/cmake/c_user" "$model"
if "$work/cmake/cpp_user" "$here/main.c" 2> "$work/error"; then echo "a broken model was accepted"; exit 1; fi
grep -q 'malformed: .*main.c' "$work/error" || { cat "$work/error"; exit 1; }

export PKG_CONFIG_PATH=$libraries/pkgconfig
c++ -std=c++20 "$here/main.cpp" -o "$work/pc_cpp" $(pkg-config --cflags --libs dbnet)
cc -std=c99 -Wall -Wextra -Werror -pedantic "$here/main.c" -o "$work/pc_c" $(pkg-config --cflags --libs dbnet)
"$work/pc_cpp" "$model"
"$work/pc_c" "$model"

# The README's example, word for word.
awk '/^```cpp/ {on = 1; next} /^```/ {on = 0} on' "$here/../../README.md" > "$work/readme.cpp"
c++ -std=c++20 "$work/readme.cpp" -o "$work/readme" $(pkg-config --cflags --libs dbnet)
cp "$model" "$work/model.onnx"
cp "$here/../../samples/street.jpg" "$work/sign.jpg"
(cd "$work" && ./readme)

# Only our own names are exported.
foreign=$(nm -DC --defined-only "$libraries/libdbnet.so" | awk '$2 ~ /[A-Z]/' | cut -d' ' -f3- \
  | grep -vE '^(dbnet|typeinfo for dbnet|typeinfo name for dbnet|vtable for dbnet)' || true)
if [ -n "$foreign" ]; then echo "foreign symbols are exported: $foreign"; exit 1; fi

"$work/prefix/bin/dbnet" --version

# The model that ships is there, and used where none is named.
"$work/prefix/bin/dbnet" predict "$here/../../samples/street.jpg" > "$work/regions.json"
grep -q '"quad"' "$work/regions.json" || { echo "no text was found with the installed model"; exit 1; }
