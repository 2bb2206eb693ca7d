# Runs one script of this folder in a temporary folder that cli_tool has filled. In the scripts `dbnet`
# is the command under test and `tool` is cli_tool; the first expectation that fails ends the test.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

dbnet() { "$DBNET_COMMAND" "$@"; }
tool() { "$DBNET_CLI_TOOL" "$@"; }

fail() {
  printf 'FAILED: %s\n' "$1"
  printf -- '--- %s\n' stdout; head -c 3000 stdout
  printf -- '--- %s\n' stderr; head -c 3000 stderr
  exit 1
} >&2

# expect CODE COMMAND...: the exit code; leaves what was said in the files stdout and stderr.
expect() {
  local wanted=$1 code=0
  shift
  "$@" > stdout 2> stderr || code=$?
  [ "$code" = "$wanted" ] || fail "exit code $code instead of $wanted: $*"
}

# says TEXT: the last command's stderr has it; prints TEXT: its stdout.
says() { grep -qF -- "$1" stderr || fail "stderr does not say: $1"; }
says_not() { ! grep -qF -- "$1" stderr || fail "stderr says: $1"; }
prints() { grep -qF -- "$1" stdout || fail "stdout does not have: $1"; }
exists() { local file; for file in "$@"; do [ -e "$file" ] || fail "missing: $file"; done; }
absent() { local file; for file in "$@"; do [ ! -e "$file" ] || fail "should not exist: $file"; done; }
is() { [ "$1" = "$2" ] || fail "'$1' is not '$2'"; }

tool assets .
: > stdout; : > stderr
. "$here/$1"
