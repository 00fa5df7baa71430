package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows/svc"

	"buildledger/workers/go/internal/worker"
)

const (
	serviceOption = "--service"
	serviceUsage  = `  --service            first on the command line: run under Windows' service manager and write to worker.log in the
                       state directory
`

	logFile = "worker.log"
	// maxLogBytes: a larger log is renamed when the service starts.
	maxLogBytes = 16 << 20
	// stopHint is how long the service manager should expect the end to take.
	stopHint = time.Minute
)

// runService runs the worker as a service if the command line says so.
func runService(arguments []string) (code int, isService bool) {
	if len(arguments) == 0 || arguments[0] != serviceOption {
		return 0, false
	}
	settings, err := parseArguments(arguments[1:], os.Getenv, os.Stdout)
	if errors.Is(err, errHelpShown) {
		return exitStopped, true
	}
	if err == nil {
		if err = svc.Run("", &service{settings}); err != nil {
			err = fmt.Errorf("%s is for Windows' service manager: %w", serviceOption, err)
		}
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bl-worker: %v\n", err)
		return exitMisconfigured, true
	}
	return exitStopped, true
}

// service is a worker that the service manager starts and stops.
type service struct{ settings worker.Settings }

// Execute implements svc.Handler.
func (s *service) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	status <- svc.Status{State: svc.StartPending}
	signals := make(chan os.Signal, signalBuffer)
	ended := make(chan error, 1)
	go func() { ended <- s.run(signals) }()
	status <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown}
	for {
		select {
		case err := <-ended:
			if err != nil {
				return true, exitMisconfigured
			}
			return false, exitStopped
		case request := <-requests:
			switch request.Cmd {
			case svc.Interrogate:
				status <- request.CurrentStatus
			case svc.Stop, svc.Shutdown:
				status <- svc.Status{State: svc.StopPending, WaitHint: uint32(stopHint.Milliseconds())}
				select {
				case signals <- os.Interrupt:
				default: // Enough signals are waiting.
				}
			}
		}
	}
}

// run runs the worker, which logs to a file.
func (s *service) run(signals <-chan os.Signal) error {
	log, err := openLog(s.settings.StateDir)
	if err != nil {
		return err
	}
	defer log.Close()
	s.settings.Log = slog.New(slog.NewTextHandler(log, nil))
	err = serve(s.settings, signals)
	if err != nil {
		s.settings.Log.Error("the worker can't work", "error", err)
	}
	return err
}

// openLog opens the log in the state directory; a large one is renamed first.
func openLog(directory string) (*os.File, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(directory, logFile)
	if info, err := os.Stat(path); err == nil && info.Size() > maxLogBytes {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}
