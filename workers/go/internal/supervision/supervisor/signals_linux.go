package supervisor

import (
	"os"
	"syscall"
)

var (
	endingSignals = []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	otherSignals  = []os.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE}
)
