# shellcheck shell=bash
# Installs what a command needs and the machine lacks: Debian packages, by apt.

build_packages=(g++ cmake ninja-build nlohmann-json3-dev libasio-dev libspdlog-dev libsqlite3-dev libpqxx-dev)
test_packages=("${build_packages[@]}" catch2 clang python3 sqlite3 postgresql pgbouncer tzdata)
python_packages=("${test_packages[@]}" python3-dev pybind11-dev python3-pytest python3-pytest-timeout)
wheel_packages=("${build_packages[@]}" git python3 python3-dev python3-venv)
package_packages=("${wheel_packages[@]}" dpkg-dev file)
trial_packages=("${test_packages[@]}" spin strace libclang-rt-14-dev)
thread_packages=("${test_packages[@]}" libclang-rt-14-dev)
lint_packages=("${build_packages[@]}" clang clang-format clang-tidy git python3 shellcheck)

# The packages among the arguments that are not installed.  A tool that was installed by other means counts.
missing_packages() {
  local installed package
  installed="$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    grep -qx "installed $package" <<<"$installed" && continue
    case "$package" in
      ninja-build) command -v ninja >/dev/null && continue ;;
      g++ | cmake | clang | python3 | clang-format | clang-tidy | git | shellcheck)
        command -v "$package" >/dev/null && continue
        ;;
    esac
    echo "$package"
  done
}

# ensure_packages PACKAGE…: silent and quick when nothing is missing.
ensure_packages() {
  command -v dpkg-query >/dev/null || return 0 # not Debian: CMake will name what it does not find
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0

  say "Missing Debian packages: ${missing[*]}"
  local as_root=()
  if [[ $EUID -ne 0 ]]; then
    obtain_sudo "${missing[@]}"
    as_root=(sudo)
  fi
  say "Installing them with apt-get."
  # Package lists may be absent or too old to know the files of today.
  apt_get "${as_root[@]}" install "${missing[@]}" ||
    { apt_get "${as_root[@]}" update && apt_get "${as_root[@]}" install "${missing[@]}"; } ||
    fail "apt-get failed.  Run it yourself to see why: apt-get update && apt-get install -y ${missing[*]}"
}

# Ends with the exact command where neither root nor sudo is to be had.
obtain_sudo() {
  local command="apt-get install -y --no-install-recommends $*"
  if ! command -v sudo >/dev/null; then
    fail "not root and no sudo here.  As root, run: $command"
  fi
  if [[ -t 0 && -t 1 ]]; then
    local answer
    read -r -p "Install them with sudo apt-get? [Y/n] " answer
    [[ -z "$answer" || "$answer" == [yY]* ]] || fail "nothing installed.  To do it yourself: sudo $command"
  elif ! sudo -n true 2>/dev/null; then
    fail "sudo wants a password and there is no terminal to ask for it.  Run: sudo $command"
  fi
}

# apt_get [sudo] update|install PACKAGE…: quiet unless it fails.
apt_get() {
  local as_root=()
  if [[ "$1" == sudo ]]; then
    as_root=(sudo)
    shift
  fi
  local verb="$1" log options=()
  shift
  [[ "$verb" == install ]] && options=(-y --no-install-recommends)
  log="$(mktemp)"
  if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$verb" "${options[@]}" "$@" >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
  return 1
}
