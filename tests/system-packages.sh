#!/bin/sh
# Installs what the tests drive for real and what is missing: a browser, Redis, PostgreSQL, fonts, a voice, Node for tsc, GStreamer,
# LibreOffice without its windows for presentations (250 MB on disk).
# A package this distribution lacks is left out: the tests that need it say so and are skipped.
set -eu
missing=
need() { # a command or a file it brings, package
    command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || missing="$missing $2"
}
need chromium chromium
need redis-server redis-server
need espeak-ng espeak-ng
need faketime faketime
need ip iproute2
need "$(command -v initdb || find /usr/lib/postgresql/*/bin/initdb 2>/dev/null | head -n 1)" postgresql # Debian keeps it out of PATH
need node nodejs
need npm npm
need soffice libreoffice-impress-nogui
for package in fonts-noto-cjk python3-gi gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0 gstreamer1.0-nice \
    gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-libav; do
    need "/usr/share/doc/$package" "$package"
done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null 2>&1 || { echo "no apt-get here; please install:$missing" >&2; exit 1; }
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
fresh() { # lists of packages fetched within a day (their mtime is the archive's): what is not in them is not asked for again and again
    [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -ctime -1 2>/dev/null | head -n 1)" ]
}
fresh || $sudo apt-get update -qq
wanted=
for package in $missing; do
    if LC_ALL=C apt-cache policy "$package" | grep -q 'Candidate: [^(]'; then
        wanted="$wanted $package"
    else
        echo "not in this distribution: $package" >&2
    fi
done
[ -n "$wanted" ] || exit 0
echo "installing:$wanted" >&2
install() {
    # shellcheck disable=SC2086 # a list of words
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
}
install || { $sudo apt-get update -qq && install; }
