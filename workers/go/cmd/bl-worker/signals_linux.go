package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
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

// signalName is what the other workers call it, too: SIGTERM, not "terminated".
func signalName(received os.Signal) string {
	if number, isNumber := received.(syscall.Signal); isNumber {
		if name := unix.SignalName(number); name != "" {
			return name
		}
	}
	return received.String()
}
