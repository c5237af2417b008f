# shellcheck shell=bash
# Builds, the main job, and the benchmarks.

# configure PRESET: once; afterwards ninja runs CMake itself when a CMake file changed.
# CLOACINA_UNITY=ON in the environment is for trees that are built once.
configure() {
  local preset="$1" options=() log
  [[ -f "build/$preset/build.ninja" ]] && return 0
  command -v ccache >/dev/null && options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  [[ -n "${CLOACINA_UNITY:-}" ]] && options+=("-DCLOACINA_UNITY=$CLOACINA_UNITY")
  say "Configuring build/$preset"
  mkdir -p build
  log="build/$preset-configure.log"
  if ! cmake --preset "$preset" "${options[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "build/$preset/build.ninja"
    fail "CMake could not configure build/$preset (log: $log)"
  fi
}

# build PRESET TARGET…: ninja shows its progress; without a terminal its output is shown only when it fails.
build() {
  local preset="$1" log
  shift
  if [[ -t 1 ]]; then
    ninja -C "build/$preset" -j "$(job_count)" "$@"
    return
  fi
  log="build/$preset-build.log"
  if ! ninja -C "build/$preset" -j "$(job_count)" "$@" >"$log" 2>&1; then
    grep -v '^\[' "$log" | tail -n 100 >&2
    return 1
  fi
}

command_quickstart() {
  check_program_arguments quickstart "$@"
  ensure_packages "${build_packages[@]}"
  configure release
  if [[ ! -x build/release/examples/example_quickstart ]]; then
    say "Building the library and the example: two to ten minutes the first time"
  fi
  build release example_quickstart || fail "the build failed; the errors are above"
  mkdir -p build/quickstart
  local place
  place="$(realpath --relative-to="$caller" build/quickstart)"
  cd "$caller" # paths among the arguments are the caller's
  exec "$root/build/release/examples/example_quickstart" \
    --database "sqlite://$place/flights.db" --picture "$place/flight.md" "$@"
}

# bench_python ARGUMENT…: a program of its own, since it is Python.
bench_python() {
  local argument arguments=() interpreter name=""
  for argument in "$@"; do
    if [[ "$argument" == python && -z "$name" ]]; then name=python; else arguments+=("$argument"); fi
  done
  configure_python release
  say "Building the Python module and cloacina_bench" >&2
  build release cloacina_python cloacina_bench >&2 || fail "the build failed; the errors are above"
  backend=sqlite
  if [[ " $* " == *" --backend postgres "* ]]; then backend=both; fi
  mkdir -p build/tmp
  PYTHONPATH="$root/build/release/python" with_server bench -- "$interpreter" examples/performance/python.py \
    --bench build/release/examples/cloacina_bench "${arguments[@]}"
}

command_bench() {
  check_program_arguments bench "$@"
  if contains python "$@"; then bench_python "$@"; fi
  ensure_packages "${build_packages[@]}" clang python3 # for compile
  configure release
  say "Building cloacina_bench" >&2
  build release cloacina_bench >&2 || fail "the build failed; the errors are above"
  backend=sqlite
  if [[ " $* " == *" --backend postgres "* ]]; then
    ensure_packages postgresql
    backend=both
  fi
  with_server bench -- "$root/build/release/examples/cloacina_bench" "$@"
}
