package supervisor

import (
	"os"
	"syscall"
)

var (
	endingSignals = []os.Signal{syscall.SIGTERM, os.Interrupt}
	otherSignals  []os.Signal
)
