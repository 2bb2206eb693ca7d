#!/usr/bin/env bash
# Runs scripts/test.sh inside a Debian 13 root made with debootstrap (kept in build/debian13 for the next time).
# usage: test-debian13.sh [TEST.SH-ARGUMENTS...]        needs root (or sudo) and the package debootstrap
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
. scripts/packages.sh

if [ "$(id -u)" != 0 ]; then exec sudo --preserve-env=DBNET_GOLDEN,DBNET_MODELS,DBNET_DATA "$0" "$@"; fi
command -v debootstrap > /dev/null || install_packages debootstrap

root=$PWD/build/debian13
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 'Created-By: Packages' 2>/dev/null \
  | grep '/debian/*$' | head -1)
if [ ! -e "$root/ready" ]; then
  rm -rf "$root"
  debootstrap --variant=minbase trixie "$root" ${mirror:+"$mirror"} > /dev/null
  echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/throw-away"  # a root that can be made again needs no syncs
  touch "$root/ready"
fi
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
cp /etc/resolv.conf "$root/etc/resolv.conf"

# The sources as committed and changed, without the build folders.
mkdir -p "$root/dbnet"
git ls-files -z --cached --others --exclude-standard --deduplicate | xargs -0 ls -d 2>/dev/null \
  | tar -c --files-from=- | tar -x -C "$root/dbnet"

mounted=()
cleanup() { for ((i = ${#mounted[@]} - 1; i >= 0; --i)); do umount "${mounted[i]}"; done; }
trap cleanup EXIT
bind() {  # bind SOURCE: makes a folder of this machine visible at the same path inside
  mkdir -p "$root$1"
  mount --bind "$1" "$root$1"
  mounted+=("$root$1")
}
bind /proc; bind /dev; bind /dev/pts
environment=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CCACHE_DIR=/ccache)
for name in DBNET_GOLDEN DBNET_MODELS DBNET_DATA; do
  folder=${!name:-}
  [ -z "$folder" ] || { folder=$(realpath "$folder"); bind "$folder"; environment+=("$name=$folder"); }
done
chroot "$root" env -i "${environment[@]}" /dbnet/scripts/test.sh "$@"
