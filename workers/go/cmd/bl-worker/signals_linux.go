package main

import (
	"os"
	"syscall"
)

var (
	shutDownSignals = []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	drainSignals    = []os.Signal{syscall.SIGHUP}
)

// serviceUsage is empty: on this system a service is a program like any other.
const serviceUsage = ""

func runService([]string) (code int, isService bool) { return 0, false }
