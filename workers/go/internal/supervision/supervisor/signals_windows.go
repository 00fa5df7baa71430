package supervisor

import (
	"os"
	"syscall"
)

// stopSignals end the command; caughtSignals do nothing.
var (
	stopSignals   = []os.Signal{syscall.SIGTERM, os.Interrupt}
	caughtSignals []os.Signal
)
