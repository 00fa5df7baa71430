package main

import (
	"os"
	"syscall"
)

var (
	shutDownSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}
	drainSignals    []os.Signal
)
