# shellcheck shell=bash
# Messages and small helpers of ./dev.

say() { printf '%s\n' "$*"; }

fail() {
  printf './dev: %s\n' "$*" >&2
  exit 1
}

# A wrong call: says what was expected and ends with 2.
usage_error() {
  printf './dev: %s\nSee ./dev help.\n' "$*" >&2
  exit 2
}

project_version() { sed -n 's/^ *VERSION \([0-9.]*\)$/\1/p' CMakeLists.txt | head -n 1; }

# As many jobs as there are cores, but never more than the memory holds: a compiler takes up to 1.5 GiB.
job_count() {
  local cores memory_kib jobs
  cores="$(nproc 2>/dev/null || echo 1)"
  memory_kib="$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo 2>/dev/null)"
  jobs=$((${memory_kib:-1572864} / 1572864))
  ((jobs > cores)) && jobs=$cores
  ((jobs < 1)) && jobs=1
  echo "$jobs"
}

# nearest WORD CANDIDATE…: the candidate with the smallest edit distance.
nearest() {
  local word="$1" best="$2" best_distance=1000 candidate distance
  shift
  for candidate in "$@"; do
    distance="$(edit_distance "$word" "$candidate")"
    if ((distance < best_distance)); then
      best="$candidate" best_distance=$distance
    fi
  done
  echo "$best"
}

edit_distance() {
  local a="$1" b="$2" i j cost left up diagonal
  local -a row next
  for ((j = 0; j <= ${#b}; j++)); do row[j]=$j; done
  for ((i = 1; i <= ${#a}; i++)); do
    next=("$i")
    for ((j = 1; j <= ${#b}; j++)); do
      cost=1
      [[ "${a:i-1:1}" == "${b:j-1:1}" ]] && cost=0
      left=$((next[j - 1] + 1)) up=$((row[j] + 1)) diagonal=$((row[j - 1] + cost))
      next[j]=$left
      ((up < next[j])) && next[j]=$up
      ((diagonal < next[j])) && next[j]=$diagonal
    done
    row=("${next[@]}")
  done
  echo "${row[${#b}]}"
}

# contains WORD LIST…
contains() {
  local word="$1" item
  shift
  for item in "$@"; do
    [[ "$item" == "$word" ]] && return 0
  done
  return 1
}
