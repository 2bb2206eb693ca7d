# Installing packages waits for another package manager, for a while, and for nothing else. An apt-get of its own
# stands in for the system's.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $1"; cat said calls; exit 1; } >&2

mkdir bin
cat > bin/apt-get << 'SCRIPT'
#!/usr/bin/env bash
echo "$*" >> calls
[ "$(wc -l < calls)" -gt "$(cat locked)" ] || { cat message >&2; exit 100; }
SCRIPT
printf '#!/usr/bin/env bash\nexec "$@"\n' > bin/sudo
printf '#!/usr/bin/env bash\n' > bin/sleep
chmod +x bin/*
export PATH=$work/bin:$PATH
. "$here/../../scripts/packages.sh"

# try LOCKED MESSAGE: installs with an apt-get that fails so many times.
try() {
  echo "$1" > locked
  echo "$2" > message
  : > calls
  code=0
  install_packages one two > /dev/null 2> said || code=$?
}
lists='E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)'
dpkg='E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?'

try 0 ""
[ $code = 0 ] && [ ! -s said ] && [ "$(wc -l < calls)" = 2 ] || fail "without a lock"
grep -q 'install -y --no-install-recommends one two' calls || fail "what is installed"
for message in "$lists" "$dpkg"; do
  try 3 "$message"
  [ $code = 0 ] || fail "did not wait for: $message"
  [ "$(grep -c 'Another package manager is at work' said)" = 1 ] || fail "not said once: $message"
  [ "$(wc -l < calls)" = 5 ] || fail "calls"
done
try 1 "E: Unable to locate package one"
[ $code = 100 ] && [ "$(wc -l < calls)" = 1 ] && grep -q 'Unable to locate' said || fail "another error is an error at once"
DBNET_PACKAGES_WAIT=0 try 1000 "$lists"
[ $code = 100 ] && grep -q 'Could not get lock' said || fail "waits for ever"
