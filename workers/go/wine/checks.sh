#!/bin/sh
# Builds what shows on a Windows machine that processes are held there as docs/windows.md says: the tests that Windows has of its own,
# and a program that runs them and prints a table. By default into out/windows-checks; copy that to the machine and run
# windows-checks.exe there. tests/wine runs the same files under Wine.
set -eu
cd "$(dirname "$0")/.."
out=${1:-../../out/windows-checks}
mkdir -p "$out"
out=$(cd "$out" && pwd)
export CGO_ENABLED=0 GOOS=windows GOARCH=amd64
flags='-trimpath -buildvcs=false -tags grpcnotrace'
for package in processes files files/paths journal files/durable; do
    # shellcheck disable=SC2086 # Several flags.
    go test -c $flags -o "$out/$(basename "$package").test.exe" "./internal/$package"
done
# shellcheck disable=SC2086
go build $flags -o "$out/windows-checks.exe" ./cmd/windows-checks
