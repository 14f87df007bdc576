#!/bin/sh
# Installs what the tests drive for real and what is missing: a browser, Redis, fonts, a voice, Node for tsc.
set -eu
missing=
need() { # command or file, package
    command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || missing="$missing $2"
}
need chromium chromium
need redis-server redis-server
need espeak-ng espeak-ng
need ip iproute2
need node nodejs
need npm npm
need /usr/share/doc/fonts-noto-cjk fonts-noto-cjk
[ -n "$missing" ] || exit 0
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
echo "installing:$missing" >&2
$sudo apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
