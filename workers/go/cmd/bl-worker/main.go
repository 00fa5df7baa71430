// Command bl-worker is a worker of a Build Ledger server: it runs builds, and loses no output when connections break.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"

	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	"buildledger/workers/go/internal/supervision/supervisor"
	"buildledger/workers/go/internal/worker"
)

const (
	exitStopped       = 0
	exitMisconfigured = 2

	// signalBuffer is how many signals may wait: the worker does something at the first two.
	signalBuffer = 4
)

func main() { os.Exit(execute(os.Args[1:])) }

// execute runs the program, and returns its exit code.
func execute(arguments []string) int {
	if code, isHelper := processes.RunHelper(arguments); isHelper {
		return code
	}
	if len(arguments) == 2 && arguments[0] == supervision.SuperviseCommand {
		return supervisor.Main(arguments[1])
	}
	if code, isExec := runExec(arguments); isExec {
		return code
	}
	if code, isService := runService(arguments); isService {
		return code
	}
	settings, err := parseArguments(arguments, os.Getenv, os.Stdout)
	if errors.Is(err, errHelpShown) {
		return exitStopped
	}
	if err == nil {
		signals := make(chan os.Signal, signalBuffer)
		signal.Notify(signals, append(shutDownSignals, drainSignals...)...)
		defer signal.Stop(signals)
		settings.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
		err = serve(settings, signals)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bl-worker: %v\n", err)
		return exitMisconfigured
	}
	return exitStopped
}

// serve runs a worker until signals end it.
func serve(settings worker.Settings, signals <-chan os.Signal) error {
	tuneMemory()
	for _, directory := range []string{settings.StateDir, settings.WorkDir} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return fmt.Errorf("making a directory: %w", err)
		}
	}
	if err := os.Chmod(settings.StateDir, 0o700); err != nil {
		return fmt.Errorf("making the state directory private: %w", err)
	}
	unlock, err := worker.Lock(settings.StateDir)
	if err != nil {
		return err
	}
	defer unlock()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w, err := worker.New(settings)
	if err != nil {
		return err
	}
	go handleSignals(ctx, w, signals)
	return w.Run(ctx)
}

// handleSignals drains the worker or shuts it down when a signal comes.
func handleSignals(ctx context.Context, w *worker.Worker, signals <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case received := <-signals:
			if isDrain(received) {
				w.Drain(signalName(received))
			} else {
				w.ShutDown(signalName(received))
			}
		}
	}
}

func isDrain(received os.Signal) bool {
	for _, each := range drainSignals {
		if each == received {
			return true
		}
	}
	return false
}
