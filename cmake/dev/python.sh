# shellcheck shell=bash
# The Python tools, the wheels, and what ./dev lint says about Python.

# Where this machine may have more than one Python, in the order of their versions.
python_candidates() {
  local minor
  for minor in $(seq 9 30); do
    compgen -G "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor.*/bin/python3" || true
    command -v "python3.$minor" || true
  done
  command -v python3 || true
}

# wheel_interpreters: one for each CPython from 3.9 on that has its headers; pybind11 knows no limited API, so that a wheel is
# for one minor version.
wheel_interpreters() {
  local candidate abi seen=()
  while read -r candidate; do
    # One without the global lock would take it back when it imports the module.
    abi="$("$candidate" - 2>/dev/null <<'CODE'
import pathlib, sys, sysconfig
header = pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h"
if sys.implementation.name == "cpython" and sys.version_info >= (3, 9) and header.exists() \
        and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print(sys.implementation.cache_tag)
CODE
)" || continue
    if [[ -z "$abi" ]] || contains "$abi" "${seen[@]}"; then continue; fi
    seen+=("$abi")
    printf '%s\n' "$candidate"
  done < <(python_candidates)
}

# python_tools INTERPRETER: what cmake/dev/python-tools.txt names, in build/python-tools.
python_tools() {
  local place=build/python-tools wanted=cmake/dev/python-tools.txt what
  what="$("$1" -c 'import sys; print(sys.implementation.cache_tag)' && cat "$wanted")"
  [[ ! -f "$place/installed.txt" || "$(<"$place/installed.txt")" != "$what" ]] || return 0
  say "Installing the Python tools into $place"
  rm -rf "$place"
  mkdir -p build
  { "$1" -m venv "$place" && "$place/bin/pip" install --quiet --requirement "$wanted"; } >build/python-tools.log 2>&1 ||
    { cat build/python-tools.log >&2; fail "the tools of $wanted could not be installed"; }
  printf '%s\n' "$what" >"$place/installed.txt"
}

# build_wheels INTERPRETER…: into build/dist, the source distribution too.
build_wheels() {
  python_tools "$(command -v python3)"
  build/python-tools/bin/python -u cmake/dev/wheels.py --output build/dist --jobs "$(job_count)" "$@" ||
    fail "no wheel; the reason is above"
}

command_wheel() {
  local interpreters=()
  while [[ $# -gt 0 ]]; do
    [[ "$1" == --python ]] || usage_error "unknown argument '$1' of wheel; there is --python INTERPRETER"
    [[ $# -ge 2 ]] || usage_error "--python wants a value"
    command -v "$2" >/dev/null || usage_error "--python $2: no such program; expected an interpreter, as python3.11"
    interpreters+=("$2")
    shift 2
  done
  ensure_packages "${wheel_packages[@]}"
  [[ ${#interpreters[@]} -gt 0 ]] || mapfile -t interpreters < <(wheel_interpreters)
  [[ ${#interpreters[@]} -gt 0 ]] || fail "no CPython from 3.9 on with its headers here; on Debian: apt-get install python3-dev"
  build_wheels "${interpreters[@]}"
}

# Sources in the form of pyproject.toml, and stubs that say what the module has.
lint_python() {
  local interpreter tools=build/python-tools/bin file failed=0
  ensure_packages "${wheel_packages[@]}"
  configure_python dev
  build dev cloacina_python || return 1
  python_tools "$interpreter"
  "$tools/ruff" check --quiet . || failed=1
  "$tools/mypy" --no-error-summary python/cloaca || failed=1
  while read -r file; do # each a program of its own: some have the same name
    "$tools/mypy" --no-error-summary "$file" || failed=1
  done < <(git ls-files --cached --others --exclude-standard 'examples/*.py')
  PYTHONPATH=build/dev/python "$tools/python" -m mypy.stubtest cloaca --concise \
    --mypy-config-file pyproject.toml --allowlist cmake/dev/stubtest-allowlist.txt || failed=1
  return "$failed"
}
