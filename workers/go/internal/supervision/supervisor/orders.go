package supervisor

import (
	"bufio"
	"encoding/json"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// pollInterval is how often a supervisor without a worker checks for orders.
const pollInterval = 100 * time.Millisecond

// readOrders applies the orders of the worker, until the command has ended. When the pipe to the worker ends, it polls for those of
// a later worker.
func (s *supervisor) readOrders(lines *bufio.Reader) {
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		s.applyOrder(line)
	}
	select {
	case <-s.done:
		return
	default:
	}
	if s.launch.OnWorkerDeath == contract.OnDeathKill {
		s.stop.Make(contract.Interrupted, processes.Interrupt, nil)
	}
	s.pollForOrders()
}

// pollForOrders applies the orders that a later worker writes into a file, and ends a command that is unattended for too long.
func (s *supervisor) pollForOrders() {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	attendedAt, attended := time.Now(), s.attendedTime()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
		}
		if line, err := os.ReadFile(filepath.Join(s.directory, contract.StopFile)); err == nil {
			s.applyOrder(line)
		}
		// Only a change of the time counts: the wall clock may be set.
		if last := s.attendedTime(); last != attended {
			attendedAt, attended = time.Now(), last
		}
		if limit := s.launch.Unattended.Duration(); limit > 0 && time.Since(attendedAt) > limit {
			s.stop.Make(contract.Orphaned, processes.Interrupt, nil)
		}
	}
}

// attendedTime is when a worker has last touched AttendedFile, in nanoseconds; 0 if none has.
func (s *supervisor) attendedTime() int64 {
	info, err := os.Stat(filepath.Join(s.directory, contract.AttendedFile))
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
}

// applyOrder applies one order. One that can't be parsed is logged, and otherwise ignored.
func (s *supervisor) applyOrder(line []byte) {
	var order contract.Order
	if err := json.Unmarshal(line, &order); err != nil {
		slog.Warn("an order can't be read", "error", err)
		return
	}
	if order.SpoolBytes > 0 {
		s.budget.setLimit(order.SpoolBytes)
	}
	if order.Stop == nil {
		return
	}
	var grace *time.Duration
	if order.Stop.Grace != nil {
		grace = new(order.Stop.Grace.Duration())
	}
	reason := order.Stop.Reason
	if reason == "" {
		reason = contract.Cancel
	}
	s.stop.Make(reason, knownLevel(order.Stop.Level), grace)
}

// knownLevel is level, or Interrupt for one that this program doesn't know.
func knownLevel(level processes.Level) processes.Level {
	switch level {
	case processes.Terminate, processes.Kill:
		return level
	}
	return processes.Interrupt
}

// catchSignals ends the command when this program gets a signal to end. Other signals are caught rather than ignored, because the
// command would inherit that it ignores them.
func (s *supervisor) catchSignals() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, append(stopSignals, caughtSignals...)...)
	go func() {
		level := processes.Interrupt
		for received := range signals {
			for _, each := range stopSignals {
				if received == each {
					s.stop.Make(contract.WorkerShutdown, level, nil)
					level = processes.Kill
				}
			}
		}
	}()
}
