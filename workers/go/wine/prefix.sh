#!/bin/sh
# Makes a Windows for tests in the directory given, unless it is there: a Wine prefix that claims to be Windows 10 and can run programs
# made by Go. Everything Wine writes goes into that directory. Needs wine64 (8 or later) and mingw-w64.
#
#   prefix.sh DIRECTORY                  make it
#   prefix.sh DIRECTORY COMMAND…         make it, then run a command with the variables that lead Wine there
set -eu
source=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/home"
directory=$(cd "$1" && pwd)
shift
for program in wine wineserver x86_64-w64-mingw32-gcc; do
    command -v "$program" >/dev/null || {
        echo "$program isn't installed: run scripts/need-test-tools (Debian: wine wine64 gcc-mingw-w64-x86-64)" >&2
        exit 1
    }
done
go=$(command -v go || true)
if [ -n "$go" ]; then # Go's caches stay where they are, not in the home of the tests.
    GOCACHE=$("$go" env GOCACHE) GOMODCACHE=$("$go" env GOMODCACHE) GOPATH=$("$go" env GOPATH)
    export GOCACHE GOMODCACHE GOPATH
fi
HOME=$directory/home XDG_CONFIG_HOME=$directory/home XDG_DATA_HOME=$directory/home XDG_CACHE_HOME=$directory/home
WINEPREFIX=$directory/prefix WINEARCH=win64 WINEDEBUG=-all LC_ALL=C.UTF-8
# No menus, no offers to download Mono and Gecko, no debugger that waits for somebody.
WINEDLLOVERRIDES='winemenubuilder.exe,mscoree,mshtml,winedbg.exe=d'
export HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME WINEPREFIX WINEARCH WINEDEBUG LC_ALL WINEDLLOVERRIDES
unset DISPLAY WAYLAND_DISPLAY
if [ ! -e "$WINEPREFIX/complete" ]; then
    rm -rf "$WINEPREFIX"
    wine wineboot -i >"$directory/made.txt" 2>&1
    wine winecfg -v win10 >>"$directory/made.txt" 2>&1
    wineserver -w
    # Programs made by Go take random numbers from a library that Wine 8 doesn't have.
    library=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
    [ -e "$library" ] || x86_64-w64-mingw32-gcc -shared -O2 "$source/bcryptprimitives.c" -ladvapi32 -o "$library"
    touch "$WINEPREFIX/complete"
fi
[ $# -eq 0 ] || exec "$@"
