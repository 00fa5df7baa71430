package main

import (
	"os"
	"syscall"
)

var (
	shutDownSignals = []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	drainSignals    = []os.Signal{syscall.SIGHUP}
)

// runHelper: this system needs no helper programs.
func runHelper([]string) (code int, isHelper bool) { return 0, false }
