package supervisor

import (
	"os"
	"syscall"
)

var (
	stopSignals   = []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	caughtSignals = []os.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE}
)
