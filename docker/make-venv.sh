#!/bin/sh
# Makes the virtual environment $1 with $PYTHON, also where the distribution keeps venv or pip in a package of its own.
set -eu
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed ($python is older); say make PYTHON=/path/to/python3" >&2; exit 1; }
"$python" -m venv "$1" 2>/dev/null && exit 0
rm -rf "$1"
"$python" -m virtualenv "$1" 2>/dev/null && exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
if command -v apt-get >/dev/null && { [ -z "$sudo" ] || sudo -n true 2>/dev/null; }; then
    echo "installing python3-venv" >&2
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
    exec "$python" -m venv "$1"
fi
echo "this Python has no venv: install the package python3-venv (or virtualenv), then say make run again" >&2
exit 1
