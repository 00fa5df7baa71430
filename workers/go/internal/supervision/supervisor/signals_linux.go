package supervisor

import (
	"os"
	"syscall"
)

// stopSignals end the command; caughtSignals do nothing.
var (
	stopSignals   = []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	caughtSignals = []os.Signal{syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE}
)
