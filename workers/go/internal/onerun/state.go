package onerun

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/worker"
)

const (
	stateName = "bl-worker-exec-"
	// minLeftAge is how old a directory is at least that counts as left behind: a younger one may not be locked yet.
	minLeftAge = time.Minute
)

// openState makes and locks a temporary directory for journal and output, and removes those that were left by killed programs.
func openState(log *slog.Logger) (path string, remove func(), err error) {
	removeLeftovers(log)
	path, err = os.MkdirTemp("", stateName)
	if err != nil {
		return "", nil, fmt.Errorf("making a directory for the output: %w", err)
	}
	unlock, err := worker.Lock(path)
	if err != nil {
		return "", nil, errors.Join(err, durable.RemoveTree(path))
	}
	return path, func() {
		unlock()
		if err := durable.RemoveTree(path); err != nil {
			log.Error("a temporary directory can't be removed", "error", err)
		}
	}, nil
}

// removeLeftovers removes the directories of programs of this user that were killed, unless their supervisors are still at work there.
func removeLeftovers(log *slog.Logger) {
	found, _ := filepath.Glob(filepath.Join(os.TempDir(), stateName+"*")) // The pattern is a good one.
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < minLeftAge {
			continue
		}
		unlock, err := worker.Lock(path)
		if err != nil {
			continue // It is at work, or another user's.
		}
		isSupervised := hasSupervisor(path)
		unlock()
		if isSupervised {
			continue
		}
		if err := durable.RemoveTree(path); err != nil {
			log.Warn("a directory that was left behind can't be removed", "error", err)
		}
	}
}

// hasSupervisor reports whether a supervisor is still ending what a killed program ran.
func hasSupervisor(state string) bool {
	directories, _ := filepath.Glob(filepath.Join(state, "supervised", "*")) // The pattern is a good one.
	for _, directory := range directories {
		if claim, err := contract.ReadClaim(directory); err != nil || claim != nil && claim.PID != 0 && claim.IsAlive() {
			return true
		}
	}
	return false
}
