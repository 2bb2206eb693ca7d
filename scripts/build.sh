#!/usr/bin/env bash
# Installs the distribution's packages and builds everything, tests included, into build/<preset>.
# usage: build.sh [--no-train] [--no-install] [--preset NAME]
#   --no-train     without the trainer and the tests: what the demo needs
#   --no-install   do not install packages
#   --preset NAME  a preset of CMakePresets.json: release (default), dev, asan, tsan, fuzz
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
. scripts/packages.sh

preset=release full=ON install=yes
while [ $# -gt 0 ]; do
  case $1 in
    --no-train) full=OFF ;;
    --no-install) install=no ;;
    --preset) preset=${2:?--preset needs a name}; shift ;;
    -h|--help) sed -n '2,6s/^# //p' "$0"; exit 0 ;;
    *) echo "build.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
  esac
  shift
done

packages=(g++ cmake ninja-build ccache pkg-config libdnnl-dev libopencv-core-dev libopencv-imgproc-dev libonnx-dev
  libprotobuf-dev protobuf-compiler libpolyclipping-dev libhwy-dev libtbb-dev libcli11-dev nlohmann-json3-dev
  libjpeg62-turbo-dev libpng-dev libwebp-dev libtiff-dev libgif-dev libheif-dev libavif-dev poppler-utils
  libarchive-dev libfreetype-dev libharfbuzz-dev libfontconfig-dev fonts-dejavu-core libyaml-cpp-dev)
[ "$full" = OFF ] || packages+=(qemu-user libgtest-dev libgmock-dev libbenchmark-dev libtorch-dev libopenblas0-pthread)
[ "$preset" != fuzz ] || packages+=(clang libclang-rt-dev)

missing() {
  dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "${packages[@]}" 2>/dev/null \
    | awk '$2 == "ii" {print $1}' | sort > /tmp/dbnet-have.$$
  printf '%s\n' "${packages[@]}" | sort | comm -23 - /tmp/dbnet-have.$$
  rm -f /tmp/dbnet-have.$$
}

if [ "$install" = yes ] && [ -n "$(missing)" ]; then
  echo "Installing: $(missing | tr '\n' ' ')"
  install_packages "${packages[@]}"
fi

arguments=(--preset "$preset")
[ "$full" = ON ] || arguments+=(-DDBNET_BUILD_TESTS=OFF -DDBNET_BUILD_TRAIN=OFF)
cmake "${arguments[@]}" -Wno-dev > /dev/null
cmake --build "build/$preset"
