# For the other scripts: install_packages PACKAGE... installs packages of the distribution, as root or with sudo.
# Where another package manager is at work (an upgrade in the background, often), it says so and waits for up to
# DBNET_PACKAGES_WAIT seconds, five minutes.

# apt-get has a timeout for the lock of dpkg alone; this waits for those of its lists and archives, too.
apt_get() {
  local sudo=() errors code deadline=$((SECONDS + ${DBNET_PACKAGES_WAIT:-300})) waiting=no
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  errors=$(mktemp)
  while :; do
    code=0
    "${sudo[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" > /dev/null 2> "$errors" || code=$?
    if [ $code = 0 ] || [ $SECONDS -ge $deadline ] || ! grep -qE 'Could not get lock|Unable to (lock|acquire)' "$errors"; then
      break
    fi
    [ $waiting = yes ] || echo "Another package manager is at work: waiting for it, up to ${DBNET_PACKAGES_WAIT:-300} seconds" >&2
    waiting=yes
    sleep 2
  done
  cat "$errors" >&2
  rm -f "$errors"
  return $code
}

install_packages() {
  apt_get update && apt_get install -y --no-install-recommends "$@"
}
