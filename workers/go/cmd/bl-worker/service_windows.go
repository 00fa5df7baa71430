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
	// largestLog is when a log is put aside at a start of the service.
	largestLog = 16 << 20
	// stopHint is how long the service manager may have to wait for what runs to end.
	stopHint = time.Minute
)

// runService runs the worker as a service if the command line says so.
func runService(arguments []string) (code int, isService bool) {
	if len(arguments) == 0 || arguments[0] != serviceOption {
		return 0, false
	}
	settings, err := parse(arguments[1:], os.Getenv, os.Stdout)
	if errors.Is(err, errAnswered) {
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
	signals := make(chan os.Signal, mostSignals)
	ended := make(chan error, 1)
	go func() { ended <- s.work(signals) }()
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
				default: // It has heard it often enough.
				}
			}
		}
	}
}

// work is the worker, with a file for what it has to say.
func (s *service) work(signals <-chan os.Signal) error {
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

func openLog(directory string) (*os.File, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(directory, logFile)
	if info, err := os.Stat(path); err == nil && info.Size() > largestLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}
