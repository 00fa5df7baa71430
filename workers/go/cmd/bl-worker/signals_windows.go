package main

import (
	"os"
	"syscall"
)

// Signals that shut the worker down, and that drain it.
var (
	shutDownSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}
	drainSignals    []os.Signal
)

// signalName is what the system calls it.
func signalName(received os.Signal) string {
	return received.String()
}
