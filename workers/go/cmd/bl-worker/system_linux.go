package main

import (
	"os"
	"syscall"
)

var (
	shutDownSignals = []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	drainSignals    = []os.Signal{syscall.SIGHUP}
)
