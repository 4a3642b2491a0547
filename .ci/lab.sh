#!/bin/sh
# Opens JupyterLab on one lesson: `make lab` calls it, after the set-up.
#
# $PORT is the port, 8888 or the next free one without it. BROWSER=none opens no browser; any
# other value is the one that Python's webbrowser module is to take.
set -eu
cd "$(dirname "$0")/.."

set -- --ServerApp.root_dir=notebooks --LabApp.default_url="/lab/tree/$1" --Application.log_level=WARN
case "${PORT:-}" in
'') ;;
*[!0-9]*)
    echo "PORT must be a number, not '$PORT': make lab PORT=8890" >&2
    exit 1
    ;;
*) set -- "$@" --port="$PORT" --ServerApp.port_retries=0 ;;
esac
if [ "${BROWSER:-}" = none ]; then
    unset BROWSER
    set -- "$@" --no-browser
fi
if [ "$(id -u)" -eq 0 ]; then
    set -- "$@" --allow-root
fi
echo "Starting JupyterLab; Ctrl+C ends it."
exec .venv/bin/python -m jupyterlab "$@"
