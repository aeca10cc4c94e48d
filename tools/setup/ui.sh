# Shows where the set-up is, hides what the tools print, and explains a failure in one sentence.
# shellcheck shell=bash

step_total=0
step_number=0
step_title=''
step_doing=''
log=/dev/null
setup_started=$SECONDS

steps() { step_total=$1; }

begin_log() {
  mkdir -p "$(dirname "$1")"
  log=$1
  : >"$log"
}

# step TITLE COMMAND…: one line that says what is done, then how long it took or that nothing was to do.
step() {
  step_title=$1
  shift
  step_number=$((step_number + 1))
  local started=$SECONDS
  step_note='already there'
  step_doing=$step_title
  show "$(prefix)$step_doing …"
  "$@"
  settle "$(prefix)$step_title: $step_note$(elapsed "$started")"
}

prefix() { printf '[%d/%d] ' "$step_number" "$step_total"; }

elapsed() {
  local seconds=$((SECONDS - $1))
  if [ "$seconds" -gt 0 ]; then printf ' (%d s)' "$seconds"; fi
}

# On a terminal the current line is overwritten, and cut so that it stays one; elsewhere only what is settled is printed.
show() {
  [ -t 1 ] || return 0
  local width
  width=$(tput cols 2>/dev/null) || width=80
  printf '\r\033[K%s' "${1:0:width-1}"
}
settle() { if [ -t 1 ]; then printf '\r\033[K%s\n' "$1"; else printf '%s\n' "$1"; fi; }

# note WORDS: what the current step did, shown when it is done.
note() { step_note=$1; }

# doing WORDS: what takes time right now.
doing() {
  note 'done'
  step_doing="$step_title: $1"
  if [ -t 1 ]; then show "$(prefix)$step_doing …"; else printf '%s%s …\n' "$(prefix)" "$step_doing"; fi
}

# run SENTENCE COMMAND…: runs it with its output in the log; when it fails, says what to do.
run() {
  local sentence=$1 started=$SECONDS from pid status=0
  shift
  printf '\n$ %s\n' "$*" >>"$log"
  from=$(wc -l <"$log")
  # A process group of its own, so that an interrupted set-up ends what it has started.
  set -m
  "$@" >>"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'kill -- -'"$pid"' 2>/dev/null; printf "\n"; exit 130' INT TERM HUP
  while kill -0 "$pid" 2>/dev/null; do
    show "$(prefix)$step_doing … $((SECONDS - started)) s"
    sleep 0.1
  done
  wait "$pid" || status=$?
  trap - INT TERM HUP
  [ "$status" -eq 0 ] || explain "$sentence" "$((from + 1))"
}

# explain SENTENCE FIRST_LINE: the likely cause from what was printed, then the end of it.
explain() {
  local printed cause=''
  printed=$(tail -n "+$2" "$log")
  case "$printed" in
    *'No space left on device'* | *ENOSPC*) cause='The disk is full: free some space and start again.' ;;
    *'Could not get lock'* | *'is another process using it'*) cause='Another program is installing packages: wait for it to end and start again.' ;;
    *'Temporary failure resolving'* | *'Could not resolve'* | *"Couldn't resolve"* | *ENOTFOUND* | *EAI_AGAIN* | *'Network is unreachable'* | *ENETUNREACH* | *'Name or service not known'* | *'Failed to connect'* | *'Could not connect'* | *'Temporary failure in name resolution'* | *ETIMEDOUT* | *ECONNREFUSED*)
      cause='The network did not answer: check the connection (and proxy settings) and start again.' ;;
    *'Permission denied'* | *EACCES*) cause='A folder cannot be written: start again as its owner, or as root.' ;;
  esac
  settle "$(prefix)$step_title: failed"
  tail -n "+$2" "$log" | tail -n 15 | sed 's/^/    /' >&2
  fail "$1${cause:+ $cause} Everything that was printed: $log"
}

fail() {
  printf '\n%s\n' "$1" >&2
  exit 1
}

finish() {
  local seconds=$((SECONDS - setup_started))
  if [ "$seconds" -gt 5 ]; then printf 'Ready after %d s.\n' "$seconds"; fi
}
