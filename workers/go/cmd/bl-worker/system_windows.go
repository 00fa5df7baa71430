package main

import (
	"os"
	"syscall"

	"buildledger/workers/go/internal/process"
)

var (
	shutDownSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}
	drainSignals    []os.Signal
)

// runHelper: the program is its own helper for what has to happen in a process of its own.
func runHelper(arguments []string) (code int, isHelper bool) { return process.RunHelper(arguments) }
