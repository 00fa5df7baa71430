// Package workerv1 is the worker protocol, generated from buildledger/grpc_protos/worker/v1/worker.proto.
//
// Nothing in it is written by hand but this file. `go generate ./internal/workerv1` makes the rest again; it needs protoc and
// the two plugins on PATH, as the README says.
package workerv1

//go:generate sh generate.sh
