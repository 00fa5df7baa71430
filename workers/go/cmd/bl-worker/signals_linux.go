package main

import (
	"os"
	"syscall"
)

// Signals that shut the worker down, and that drain it.
var (
	shutDownSignals = []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	drainSignals    = []os.Signal{syscall.SIGHUP}
)

// serviceUsage is empty: on this system a service needs no options.
const serviceUsage = ""

// runService does nothing: on this system a service is a program like any other.
func runService([]string) (code int, isService bool) { return 0, false }
