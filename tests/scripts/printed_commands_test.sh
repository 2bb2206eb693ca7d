# Every command that the documentation prints can be typed: the verbs and options of dbnet, the scripts with their options,
# presets and targets exist. The cheap ones are run; those of the README by scripts/newcomer.sh, those of --help by
# tests/cli/examples.sh.
# usage: printed_commands_test.sh DBNET
set -euo pipefail
dbnet=$(realpath "$1")
cd "$(dirname "$(realpath "$0")")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

documents() { ls README.md HACKING.md models/*.md samples/*.md; find docs -name '*.md'; }

# printed FILE...: the commands in code blocks (those without a language), in indented blocks and in `code`, one a line.
printed() {
  awk '
    FNR == 1 { code = 0; shown = 0 }
    /^ *```/ { code = !code; shown = code && $0 ~ /^ *```(sh|bash)?$/; next }
    code { if (shown) print; next }
    /^    / { print; next }
    { line = $0; while (match(line, /`[^`]+`/)) { print substr(line, RSTART + 1, RLENGTH - 2); line = substr(line, RSTART + RLENGTH) } }
  ' "$@" | sed 's/^ *//' | sed -e ':a' -e '/\\$/{N;s/\\\n *//;ba' -e '}'
}

targets() {
  {
    find . -name CMakeLists.txt -not -path './build/*' -exec cat {} + | tr '\n' ' ' | grep -oE '(add_executable|add_library|dbnet_room|dbnet_test|dbnet_bench|dbnet_fuzzer)\( *[A-Za-z_]+' \
      | sed -E 's/dbnet_room\( */dbnet_/; s/dbnet_test\( *(.*)/dbnet_\1_test/; s/dbnet_bench\( *(.*)/dbnet_\1_bench/; s/.*\( *//'
    printf '%s\n' dbnet dbnet-train
  } | sort -u
}
targets > "$work/targets"
verbs=$("$dbnet" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<< "$verbs")" -ge 9 ] || { echo "the verbs of dbnet --help are not understood: $verbs"; exit 1; }

complain() { echo "$1" >> "$work/complaints"; }

# options COMMAND TEXT_FILE: each option of the command is in the text.
options() {
  local option
  for option in $(grep -oE -- '(^|[[ ])--[a-z][a-z0-9-]*' <<< "$1" | tr -d '[ '); do
    grep -qE -- "(^|[^a-z-])$option([^a-z-]|$)" "$2" || complain "no option $option: $1"
  done
}

check_dbnet() {  # check_dbnet COMMAND WORDS...: the words after dbnet
  local command=$1 verb=() help
  shift
  if grep -qwE -- "${1:-}" <<< "$verbs" && [ -n "${1:-}" ]; then
    verb=("$1")
    case $1 in
      data|model) [[ ${2:-} =~ ^[a-z]+$ ]] && verb+=("$2") ;;
    esac
  elif [[ ${1:-} =~ ^[a-z]+$ ]]; then
    complain "no verb $1: $command"
    return
  fi
  help=$work/help-${verb[*]}
  [ -e "$help" ] || "$dbnet" "${verb[@]}" --help > "$help" 2> /dev/null || true
  if [ ! -s "$help" ]; then
    [ "${verb[*]}" = train ] || complain "no verb ${verb[*]}: $command"
    return
  fi
  options "$command" "$help"
}

check() {  # check COMMAND: one without pipes
  local words word
  read -ra words <<< "$1"
  while [[ ${words[0]:-} =~ ^[A-Z_]+= ]]; do words=("${words[@]:1}"); done
  case ${words[0]:-} in
    dbnet) check_dbnet "$1" "${words[@]:1}" ;;
    scripts/*|bench/*.sh|tests/*.sh)
      if [ -x "${words[0]}" ]; then options "$1" "${words[0]}"; else complain "no program ${words[0]}: $1"; fi ;;
    cmake)
      [ "${words[1]:-}" != --preset ] || grep -q "\"name\": \"${words[2]}\"" CMakePresets.json || complain "no preset ${words[2]}: $1" ;;
    ninja)
      for word in "${words[@]:3}"; do
        [[ $word == [\<\(]* ]] || grep -qx "$word" "$work/targets" || complain "no target $word: $1"
      done ;;
    build/*/bin/*)
      grep -qx "$(basename "${words[0]}")" "$work/targets" || complain "no program ${words[0]}: $1" ;;
    *_bench|*_test)
      [[ $1 == *[\*.]* ]] || grep -qx "${words[0]}" "$work/targets" || complain "no program ${words[0]}: $1" ;;
    *) return 1 ;;
  esac
}

check_all() {  # check_all FILE...: how many commands there are
  local count=0 line part
  while IFS= read -r line; do
    while IFS= read -r part; do
      ! check "$part" || count=$((count + 1))
    done < <(sed 's/ #.*//; s/ && /\n/g; s/ | /\n/g; s/; /\n/g' <<< "$line")
  done < <(printed "$@")
  echo $count
}

# The test finds what is wrong.
cat > "$work/wrong.md" << 'DOCUMENT'
Type `dbnet predict photo.jpg --no-such`, `dbnet detect photo.jpg`, `scripts/nothing.sh` or `scripts/build.sh --fast`.
```
cmake --preset none && ninja -C build/release dbnet_nothing && build/dev/bin/dbnet_nothing_test
```
DOCUMENT
: > "$work/complaints"
check_all "$work/wrong.md" > /dev/null
[ "$(wc -l < "$work/complaints")" = 7 ] || { echo "the test is blind:"; cat "$work/complaints"; exit 1; }

: > "$work/complaints"
# shellcheck disable=SC2046
count=$(check_all $(documents))
[ ! -s "$work/complaints" ] || { cat "$work/complaints"; exit 1; }
[ "$count" -ge 100 ] || { echo "only $count commands were found"; exit 1; }
echo "$count commands"

"$dbnet" --version > /dev/null
"$dbnet" doctor > /dev/null
for script in scripts/build.sh scripts/test.sh scripts/newcomer.sh; do "$script" --help | grep -q usage; done
