# shellcheck shell=bash
# ./dev package and ./dev release: everything that is given out, in build/dist.

command_package() {
  [[ $# -eq 0 ]] || usage_error "package takes no arguments, got: $*"
  make_packages
}

make_packages() {
  ensure_packages "${package_packages[@]}"
  local interpreters
  mapfile -t interpreters < <(wheel_interpreters)
  rm -rf build/dist
  build_wheels "${interpreters[@]}"
  package_sources
  package_debian
  say ""
  say "In build/dist:"
  (cd build/dist && ls -1s --block-size=KiB)
}

# The tree of the last commit, without what is not in it yet.
package_sources() {
  local name
  name="cloacina-$(project_version)"
  [[ -z "$(git status --porcelain)" ]] ||
    say "The tree differs from the last commit, of which $name.tar.gz is made."
  git archive --format tar.gz --prefix "$name/" --output "build/dist/$name.tar.gz" HEAD
}

# Library, headers, CMake package and command; then a program is built against it, unpacked elsewhere.
package_debian() {
  configure package
  say "Building the Debian package"
  build package all || fail "the build failed; the errors are above"
  rm -f build/package/*.deb
  cpack -G DEB --config build/package/CPackConfig.cmake -B build/package >build/package-cpack.log 2>&1 ||
    { cat build/package-cpack.log >&2; fail "CPack could not make the Debian package"; }
  python3 tests/package/debian.py build/package/*.deb || fail "the Debian package is not what it should be"
  mv build/package/*.deb build/dist/
}

# What must hold before a version is given out.
command_release() {
  [[ $# -eq 0 ]] || usage_error "release takes no arguments, got: $*"
  ensure_packages git python3
  local check failed=()
  for check in tree changelog date docs versions; do
    say "release: $check"
    case "$check" in
      changelog | docs) "lint_$check" || failed+=("$check") ;;
      *) "release_$check" || failed+=("$check") ;;
    esac
  done
  [[ ${#failed[@]} -eq 0 ]] || fail "not fit for a release: ${failed[*]}"
  make_packages
}

release_tree() {
  local changed
  changed="$(git status --porcelain)"
  [[ -n "$changed" ]] || return 0
  say "There are changes that are not committed:"
  say "$changed"
  return 1
}

# The first version of the changelog has the day of its release.
release_date() {
  local heading
  heading="$(grep -m 1 '^## \[' CHANGELOG.md)"
  [[ "$heading" =~ ^'## ['[0-9.]+'] - '[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] && return 0
  say "CHANGELOG.md begins with '$heading': say the day of the release, as '## [$(project_version)] - $(date +%Y-%m-%d)'."
  return 1
}

# Pages and examples ask CMake for this version: minor versions may break their users before 1.0.
release_versions() {
  local wanted others
  wanted="$(project_version)"
  wanted="${wanted%.*}"
  others="$(git grep -n 'find_package(cloacina [0-9]' -- '*.md' '*CMakeLists.txt' |
    grep -v -F "find_package(cloacina $wanted " || true)"
  [[ -n "$others" ]] || return 0
  say "These ask for another version than $wanted:"
  say "$others"
  return 1
}
