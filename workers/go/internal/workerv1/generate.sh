#!/bin/sh
# Makes the Go code of the worker protocol again. PROTOC is the compiler's command; protoc-gen-go and protoc-gen-go-grpc must
# be on PATH.
set -eu
cd "$(dirname "$0")"
module=buildledger/workers/go
source=buildledger/grpc_protos/worker/v1/worker.proto
mapping="M$source=$module/internal/workerv1;workerv1"
${PROTOC:-protoc} --proto_path=../../../.. \
    --go_out=../.. --go_opt="module=$module" --go_opt="$mapping" \
    --go-grpc_out=../.. --go-grpc_opt="module=$module" --go-grpc_opt="$mapping" \
    "$source"
