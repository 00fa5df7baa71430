#!/bin/sh
# Builds the worker and the supervisor for every system (or the one given) into out/workers at the top of the repository (or the
# directory given); for every system with checksums. The same source and the same Go give the same bytes.
#
#   build.sh [DIRECTORY [SYSTEM/ARCHITECTURE]]
set -eu
cd "$(dirname "$0")"
out=${1:-../../out/workers}
mkdir -p "$out"
out=$(cd "$out" && pwd)
version=${VERSION:-$(sed -n 's/^var version = "\(.*\)"$/\1/p' cmd/bl-worker/arguments.go)}
names=
for target in ${2:-linux/amd64 linux/arm64 windows/amd64}; do
    os=${target%/*} arch=${target#*/}
    for program in bl-worker bl-run; do
        name=$program-$os-$arch
        [ "$os" != windows ] || name=$name.exe
        # grpcnotrace leaves out a tracing page that nobody could open.
        CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath -buildvcs=false -tags grpcnotrace \
            -ldflags "-s -w -X main.version=$version" -o "$out/$name" "./cmd/$program"
        names="$names $name"
    done
done
cd "$out"
# shellcheck disable=SC2086 # One word for each name.
[ $# -gt 1 ] || sha256sum $names > SHA256SUMS
# shellcheck disable=SC2086 # One word for each name.
ls -l $names
