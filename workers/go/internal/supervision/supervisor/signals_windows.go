package supervisor

import (
	"os"
	"syscall"
)

var (
	stopSignals   = []os.Signal{syscall.SIGTERM, os.Interrupt}
	caughtSignals []os.Signal
)
