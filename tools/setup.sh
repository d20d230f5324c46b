# Shared by ./run and ./test: what the machine needs, installed only when it is missing. Sourced, not run.
# Everything is looked up locally first (dpkg-query, command -v, stamps); the network is used only when something is missing.

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# Debian packages. Libraries are asked of dpkg; for tools any version found in PATH will do.
library_packages=(libc6-dev libmicrohttpd-dev libjansson-dev libzstd-dev libsqlite3-dev libssl-dev zlib1g-dev libargon2-dev libcurl4-openssl-dev)
test_library_packages=(libcmocka-dev libclang-rt-14-dev libpq-dev postgresql-15)
build_tools=(gcc:gcc pkg-config:pkgconf meson:meson ninja:ninja-build)
test_tools=(clang-14:clang-14 nm:binutils sqlite3:sqlite3)
browser_tools=(chromium:chromium)

have_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Names of the packages that are missing: missing_packages LIBRARY... -- COMMAND:PACKAGE...
missing_packages() {
    local as_library=yes word
    for word in "$@"; do
        if [ "$word" = -- ]; then
            as_library=
        elif [ -n "$as_library" ]; then
            have_package "$word" || echo "$word"
        else
            command -v "${word%%:*}" >/dev/null || echo "${word##*:}"
        fi
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo --preserve-env=DEBIAN_FRONTEND "$@"
    else
        die "these packages are missing and installing needs root or sudo: ${wanted[*]}"
    fi
}

# Runs a command and shows what it printed only when it failed.
quietly() {
    local out
    out=$("$@" 2>&1) || { say "$out"; return 1; }
}

apt_updated=
# ensure_packages LIBRARY... -- COMMAND:PACKAGE...
ensure_packages() {
    local -a wanted
    mapfile -t wanted < <(missing_packages "$@")
    [ "${#wanted[@]}" -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "please install: ${wanted[*]} (this script can only do it on Debian)"
    say "installing: ${wanted[*]}"
    export DEBIAN_FRONTEND=noninteractive
    if [ -z "$apt_updated" ]; then
        quietly as_root apt-get update -qq || die "apt-get update failed"
        apt_updated=yes
    fi
    quietly as_root apt-get install -y -qq --no-install-recommends "${wanted[@]}" || die "apt-get install failed"
}

# Node is a build tool only; 18, which Debian 12 carries, is enough.
node_is_usable() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)'
}

ensure_node() {
    node_is_usable && return 0
    ensure_packages nodejs npm --
    hash -r
    node_is_usable || die "node 18 or newer is needed, found: $(node --version 2>/dev/null || echo none)"
}

# configure DIR OPTION... : sets the build folder up once and keeps its options current.
configure() {
    local dir=$1
    shift
    if [ -f "$dir/build.ninja" ]; then
        meson configure "$dir" "$@"
    else
        meson setup "$dir" "$@"
    fi
}

jobs_here() { nproc 2>/dev/null || echo 2; }

# Front-end packages as the lock file names them; installed again only when the lock file changed.
ensure_web_packages() {
    local stamp=web/node_modules/.lock-hash hash
    hash=$(sha256sum web/package-lock.json web/package.json | sha256sum | cut -d' ' -f1)
    [ "$(cat "$stamp" 2>/dev/null)" = "$hash" ] && return 0
    say "installing front-end packages"
    (cd web && npm ci --no-audit --no-fund --loglevel=error) >&2 || return 1
    echo "$hash" >"$stamp"
}

web_is_current() {
    [ -f web/dist/.built ] && [ -z "$(find web -path web/node_modules -prune -o -path web/dist -prune -o -path web/.cache -prune -o -type f \
        -newer web/dist/.built -print -quit)" ]
}

build_web() {
    [ -f web/package.json ] || return 0
    web_is_current && return 0
    ensure_node
    ensure_web_packages || return 1
    say "building the front end"
    (cd web && npm run --silent build) >&2 || return 1
    touch web/dist/.built
}
