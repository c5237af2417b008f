# shellcheck shell=bash
# ./dev lint and ./dev format.

shell_scripts=(dev .ci/run)

cpp_files() { git ls-files --cached --others --exclude-standard '*.hpp' '*.cpp'; }

command_format() {
  [[ $# -eq 0 ]] || usage_error "format takes no arguments, got: $*"
  ensure_packages "${lint_packages[@]}"
  cpp_files | xargs --no-run-if-empty clang-format -i
}

command_lint() {
  [[ $# -eq 0 ]] || usage_error "lint takes no arguments, got: $*"
  ensure_packages "${lint_packages[@]}"
  local check failed=()
  for check in format shell layers changelog docs python tidy; do
    say "lint: $check"
    "lint_$check" || failed+=("$check")
  done
  if [[ ${#failed[@]} -gt 0 ]]; then
    say "lint: failed: ${failed[*]}"
    exit 1
  fi
  say "lint: all is well"
}

lint_format() {
  cpp_files | xargs --no-run-if-empty clang-format --dry-run --Werror ||
    { say "Run ./dev format."; return 1; }
}

# The files that ./dev sources are checked with it: alone they know neither its variables nor each other.
lint_shell() { shellcheck --external-sources --check-sourced "${shell_scripts[@]}"; }

lint_layers() { python3 tests/layers/run.py; }

lint_docs() { python3 cmake/dev/check_docs.py; }

# The changelog's first version is the project's.
lint_changelog() {
  local first
  first="$(sed -n 's/^## \[\([0-9.]*\)\].*/\1/p' CHANGELOG.md | head -n 1)"
  if [[ "$first" != "$(project_version)" ]]; then
    say "CHANGELOG.md begins with version '$first', CMakeLists.txt says '$(project_version)': make them equal."
    return 1
  fi
}

# clang-tidy reads Clang's flags: Asio hides its coroutines from Clang without them.
lint_tidy() {
  configure tidy
  cmake --build build/tidy --target help >/dev/null # which configures it anew where a CMake file has changed
  sources_of build/tidy |
    xargs --no-run-if-empty --max-procs "$(job_count)" --max-args 1 clang-tidy --quiet -p build/tidy 2>/dev/null
}

# sources_of BUILD: what it compiles, a dozen sources at a time, but for what a build has yet to make.
sources_of() {
  local source
  sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' "$1/compile_commands.json" | sort -u |
    while IFS= read -r source; do if [[ -f "$source" ]]; then printf '%s\n' "$source"; fi; done
}
