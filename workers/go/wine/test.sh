#!/bin/sh
# Runs the tests of what is different on Windows under Wine. Needs wine64 (8 or later), mingw-w64 and Go; WINEPREFIX says where the
# Windows of the tests lives and is kept for the next time.
set -eu
cd "$(dirname "$0")/.."
WINEPREFIX=${WINEPREFIX:-$PWD/../../out/wine}
WINEDEBUG=-all
export WINEPREFIX WINEDEBUG
if [ ! -d "$WINEPREFIX/drive_c" ]; then
    mkdir -p "$WINEPREFIX"
    wine wineboot -i >/dev/null 2>&1
    wine winecfg -v win10
fi
library="$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll"
[ -f "$library" ] || x86_64-w64-mingw32-gcc -shared -O2 wine/bcryptprimitives.c -ladvapi32 -o "$library"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for package in process fileops; do
    CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go test -c -o "$scratch/$package.test.exe" "./internal/$package"
    (cd "$scratch" && wine "./$package.test.exe" -test.timeout 120s "$@")
done
