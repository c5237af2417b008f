# shellcheck shell=bash
# ./dev test and ./dev smoke: build the programs of the suites that were asked for, let CTest run them,
# and add up the test cases of all of them.

suites=(unit contract integration compile-fail examples package layers python reliability)
server_suites=(unit contract integration examples package reliability python bench)

command_test() {
  local chosen=() pattern="" file="" sanitizer="" trial=() isolated=""
  backend=both
  while [[ $# -gt 0 ]]; do
    case "$1" in
      -k | --file | --backend | --sanitizer | --scale | --seed | --mutant | --figures)
        [[ $# -ge 2 ]] || usage_error "$1 wants a value"
        case "$1" in
          -k) pattern="$2" ;;
          --file) file="$2" ;;
          --backend)
            contains "$2" sqlite postgres both || usage_error "--backend $2: expected sqlite, postgres or both"
            backend="$2"
            ;;
          --sanitizer) sanitizer="$2" ;;
          *) trial+=("$1" "$2") ;;
        esac
        shift
        ;;
      --mutants) trial+=("$1") ;;
      --isolated) isolated="$1" ;;
      -*) usage_error "unknown option '$1' of test; there are -k, --file, --backend, --sanitizer, for python --isolated, and for trials --scale, --seed, --mutants, --mutant and --figures" ;;
      all) chosen+=("${suites[@]}") ;;
      *)
        contains "$1" "${suites[@]}" ||
          usage_error "unknown suite '$1'.  Did you mean '$(nearest "$1" "${suites[@]}")'?  Suites: ${suites[*]} all"
        chosen+=("$1")
        ;;
    esac
    shift
  done
  if [[ -n "$file" ]]; then
    select_file "$file"
  fi
  if [[ "${chosen[*]}" == python && "${trial[0]:-}" == --scale && ${#trial[@]} -eq 2 ]]; then
    contains "${trial[1]}" quick nightly || usage_error "--scale ${trial[1]}: python has quick and nightly"
    export CLOACA_SCALE="${trial[1]}"
    trial=()
  fi
  if [[ ${#trial[@]} -gt 0 ]]; then
    [[ "${chosen[*]}" == reliability ]] || usage_error "${trial[0]} is for trials: ./dev test reliability ${trial[*]}"
    run_trials "$pattern" "${trial[@]}"
  fi
  if contains python "${chosen[@]}"; then
    [[ -z "$sanitizer" ]] || usage_error "--sanitizer is for C++: python runs without"
  fi
  if [[ "${chosen[*]}" == python ]]; then
    run_python "$pattern" "$file" "$isolated"
  fi
  [[ -z "$isolated" ]] || usage_error "--isolated is for python: ./dev test python --isolated"
  [[ ${#chosen[@]} -gt 0 ]] || chosen=("${suites[@]}")

  case "$sanitizer" in
    "") run_suites dev "$pattern" "$file" "${chosen[@]}" ;;
    address | thread) run_suites "$sanitizer" "$pattern" "$file" "${chosen[@]}" ;;
    *) usage_error "--sanitizer $sanitizer: expected address or thread" ;;
  esac
}

# The rules, the driver's contract, and whole runs; compilers, packages and kill storms are left out.
command_smoke() {
  [[ $# -eq 0 ]] || usage_error "smoke takes no arguments, got: $*"
  backend=both
  run_suites dev "" "" unit contract integration
}

# select_file FILE: sets `chosen`, `pattern` and `file` of command_test.
select_file() {
  [[ -f "$1" ]] ||
    usage_error "--file $1: no such file; expected the source of a test, as tests/unit/core/retry_policy_test.cpp"
  local path stem
  path="$(realpath --relative-to="$root" "$1")"
  stem="$(basename "${path%.*}")"
  case "$path" in
    tests/unit/*) chosen=(unit) ;;
    tests/contract/*) chosen=(contract) ;;
    tests/integration/*) chosen=(integration) ;;
    tests/compile_fail/*) chosen=(compile-fail) pattern="$stem" file="" ;;
    tests/reliability/*) chosen=(reliability) pattern="$(basename "$(dirname "$path")")" file="" ;;
    tests/package/*) chosen=(package) file="" ;;
    tests/layers/*) chosen=(layers) file="" ;;
    tests/python/*) chosen=(python) ;;
    examples/*) chosen=(examples) pattern="$(dirname "${path#examples/}")" file="" ;;
    *) usage_error "--file $1: not a test; expected a file under tests/ or examples/" ;;
  esac
}

# Databases of tests go where ./dev clean finds them; elsewhere if SQLite's paths, of 512 bytes, had too little room.
use_own_tmp() {
  [[ ${#root} -lt 256 ]] || return 0
  export TMPDIR="$root/build/tmp"
  mkdir -p "$TMPDIR"
}

# build_fuzzer PATTERN: for the trial fuzz, if it is chosen: instrumented, so another build of the library.
build_fuzzer() {
  [[ -z "$1" ]] || python3 -c 'import re, sys; sys.exit(not re.search(sys.argv[1], "fuzz"))' "$1" || return 0
  configure fuzzer
  build fuzzer reliability_fuzz
}

# run_trials PATTERN OPTION…: not through CTest, whose time limit is that of the quick scale.
run_trials() {
  local pattern="$1"
  shift
  ensure_packages "${trial_packages[@]}"
  configure dev
  build dev suite-reliability || fail "the build failed; the errors are above"
  build_fuzzer "$pattern" || fail "the build failed; the errors are above"
  use_own_tmp
  with_server reliability -- python3 tests/reliability/run.py --build build/dev ${pattern:+-k "$pattern"} \
    --backend "$backend" "$@"
}

# The interpreter that has what the tests of the Python module import: Debian's, if its packages brought it.
python_of_tests() {
  local candidate
  for candidate in python3 /usr/bin/python3; do
    "$candidate" -c 'import pytest, pytest_timeout' 2>/dev/null && command -v "$candidate" && return 0
  done
  fail "no Python here has pytest and pytest-timeout; on Debian: apt-get install python3-pytest python3-pytest-timeout"
}

# configure_python PRESET: that build has the Python module from now on; sets `interpreter`.
configure_python() {
  ensure_packages "${python_packages[@]}"
  interpreter="$(python_of_tests)"
  configure "$1"
  grep -q '^CLOACINA_BUILD_PYTHON:BOOL=ON$' "build/$1/CMakeCache.txt" && return 0
  cmake -DCLOACINA_BUILD_PYTHON=ON "-DPython_EXECUTABLE=$interpreter" "build/$1" >"build/$1-configure.log" 2>&1 ||
    { cat "build/$1-configure.log" >&2; fail "CMake could not configure the Python module"; }
}

# run_python PATTERN FILE [--isolated]: not through CTest, which would show nothing before the end. Isolated: each file with the
# wheel, in an environment of its own.
run_python() {
  local pattern="$1" file="$2" isolated="$3" interpreter module=()
  if [[ -n "$isolated" ]]; then
    ensure_packages "${python_packages[@]}" "${wheel_packages[@]}" debootstrap
    interpreter="$(python_of_tests)"
    build_wheels "$interpreter"
    python3 tests/python/bare_system.py || fail "there is no bare system to try the wheel in"
    module=(--wheel build/dist --pip build/python-tools/bin/pip)
  else
    configure_python dev
    say "Building: python"
    build dev suite-python || fail "the build failed; the errors are above"
    module=(--package build/dev/python)
  fi
  use_own_tmp
  with_server python -- "$interpreter" tests/python/run.py "${module[@]}" --backend "$backend" \
    ${pattern:+-k "$pattern"} ${file:+--file "$file"}
}

# with_server SUITE… -- COMMAND…: with a PostgreSQL for the tests, and a PgBouncer before it, if one of the suites wants
# it: the server of CLOACINA_TEST_POSTGRES_URL, else a throw-away one.
with_server() {
  local wanted=false
  while [[ "$1" != -- ]]; do
    if contains "$1" "${server_suites[@]}"; then wanted=true; fi
    shift
  done
  shift
  if [[ $wanted == false || "$backend" == sqlite ]]; then
    exec "$@"
  fi
  exec python3 cmake/dev/postgres.py run -- "$@"
}

# targets_of PRESET PATTERN SUITE…: what must be built. A pattern that is an area of the suite needs its program alone.
targets_of() {
  local preset="$1" pattern="$2" program
  shift 2
  program="$1_$pattern"
  if [[ $# -eq 1 && "$1" =~ ^(unit|integration)$ ]] && ninja -C "build/$preset" -t query "$program" >/dev/null 2>&1; then
    printf '%s\n' "$program"
  else
    printf '%s\n' "${@/#/suite-}"
  fi
}

# run_suites PRESET PATTERN FILE SUITE…
run_suites() {
  local preset="$1" pattern="$2" file="$3" labels targets interpreter
  shift 3
  case "$preset" in
    thread) ensure_packages "${thread_packages[@]}" ;;
    *) ensure_packages "${test_packages[@]}" ;;
  esac
  if contains reliability "$@"; then ensure_packages "${trial_packages[@]}"; fi
  if contains python "$@"; then configure_python "$preset"; fi
  configure "$preset"
  say "Building: $*"
  mapfile -t targets < <(targets_of "$preset" "$pattern" "$@")
  if ! build "$preset" "${targets[@]}" ||
    { [[ "$preset" == dev ]] && contains reliability "$@" && ! build_fuzzer "$pattern"; }; then
    say "The build failed; the errors are above."
    say "0 passed, 1 failed, 0 skipped"
    exit 1
  fi

  use_own_tmp
  export UBSAN_OPTIONS="print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
  export LSAN_OPTIONS="suppressions=$root/tests/support/leaks-of-others.txt:print_suppressions=0${LSAN_OPTIONS:+:$LSAN_OPTIONS}"
  labels="^($(IFS='|' && echo "$*"))\$"
  export CLOACINA_TEST_BACKENDS="$backend" # for the trials, which are one script
  with_server "$@" -- python3 cmake/dev/run_tests.py --build "build/$preset" --jobs "$(job_count)" \
    --labels "$labels" --pattern "$pattern" --file "$file" --backend "$backend"
}
