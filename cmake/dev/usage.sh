# shellcheck shell=bash
# What the commands of ./dev take: said on --help, and held to before anything is installed or built.

wants_help() { contains --help "$@" || contains -h "$@"; }

is_command() { contains "$1" "${commands[@]%%|*}"; }

command_help() {
  printf 'usage: ./dev COMMAND [ARGUMENTS]\n\n'
  local entry name purpose arguments
  for entry in "${commands[@]}"; do
    IFS='|' read -r name purpose arguments <<<"$entry"
    printf '  %-11s %s%s\n' "$name" "$purpose" "${arguments:+: ./dev $name $arguments}"
  done
  printf '\nsuites of ./dev test: %s (all of them when none is named)\n' "${suites[*]}"
}

print_usage() {
  local entry name purpose arguments
  for entry in "${commands[@]}"; do
    IFS='|' read -r name purpose arguments <<<"$entry"
    [[ "$name" == "$1" ]] && break
  done
  printf '%s\n\n' "$purpose"
  case "$name" in
    quickstart | bench) program_usage "$name" ;;
    *) printf 'usage: ./dev %s%s\n' "$name" "${arguments:+ $arguments}" ;;
  esac
  [[ "$name" != test ]] || printf 'suites: %s (all of them when none is named)\n' "${suites[*]}"
}

# The usage that the program of a command prints, from its source: there may be no program yet.
program_usage() {
  local source=examples/quickstart/options.hpp name what
  [[ "$1" != bench ]] || source=examples/performance/harness/options.hpp
  sed -n '/R"(usage: /,/^)"/{ s|.*R"(usage: [a-z_]*|usage: ./dev '"$1"'|; /^)"/d; p }' "$source"
  [[ "$1" == bench ]] || return 0
  benchmarks | while IFS='|' read -r name what; do printf '  %-13s%s\n' "$name" "$what"; done
}

# Each benchmark as name|what it measures.
benchmarks() {
  sed -n 's/^    {"\([a-z_]*\)", "\(.*\)", [a-z_]*},$/\1|\2/p' examples/performance/benchmarks.hpp
  echo "python|what the module cloaca costs above the engine; by itself, with --quick, --json, --strict and --backend"
}

# check_program_arguments COMMAND ARGUMENT…: refuses what the program of that command would refuse.
check_program_arguments() {
  local command="$1" options names=()
  shift
  # Each as its line in the usage begins: "--quick", or "--json FILE" where it wants a value.
  mapfile -t options < <(program_usage "$command" | sed -n 's/^  \(-[-a-z]*\( [A-Z][A-Z]*\)\{0,1\}\)  .*/\1/p')
  [[ "$command" != bench ]] || mapfile -t names < <(benchmarks | cut -d '|' -f 1)
  while [[ $# -gt 0 ]]; do
    if [[ "$1" != -* ]]; then
      [[ ${#names[@]} -gt 0 ]] || usage_error "$command takes no '$1', only options: ${options[*]}"
      contains "$1" "${names[@]}" ||
        usage_error "no benchmark named '$1'.  Did you mean '$(nearest "$1" "${names[@]}")'?  There are: ${names[*]}"
    else
      contains "$1" "${options[@]%% *}" ||
        usage_error "unknown option '$1' of $command; there are: ${options[*]}"
      if ! contains "$1" "${options[@]}"; then
        [[ $# -ge 2 ]] || usage_error "$1 wants a value"
        shift
      fi
    fi
    shift
  done
}
