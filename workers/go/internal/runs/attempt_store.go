package runs

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/journal"
)

// AttemptStore is where the attempts of one worker are kept on disk, with what they share: the boot of the machine they belong to,
// and the budget for output that isn't acknowledged.
type AttemptStore struct {
	BootID string
	Budget *SpoolBudget

	log           *slog.Logger
	wake          func(*Attempt) // Tells the outbox that an attempt has something to send.
	fsync         *journal.GroupFsync
	journalDir    string
	supervisedDir string // Has a directory for each command; made when the first is started.
}

// NewAttemptStore opens the store in a worker's state directory, and makes the directory of the journals there. wake is called
// whenever an attempt has something to send.
func NewAttemptStore(stateDir string, budget *SpoolBudget, wake func(*Attempt), log *slog.Logger) (*AttemptStore, error) {
	journalDir := filepath.Join(stateDir, "runs")
	if err := os.MkdirAll(journalDir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of the journals: %w", err)
	}
	bootID, err := hostinfo.BootID()
	if err != nil {
		return nil, err
	}
	return &AttemptStore{
		BootID:        bootID,
		Budget:        budget,
		log:           log,
		wake:          wake,
		fsync:         journal.NewGroupFsync(journalDir),
		journalDir:    journalDir,
		supervisedDir: filepath.Join(stateDir, "supervised"),
	}, nil
}

// NewAttempt is an attempt that the worker didn't have before. Nothing of it is on disk until it is accepted or rejected.
func (s *AttemptStore) NewAttempt(key Key, fence uint64, buildDir, cookie string) *Attempt {
	return newAttempt(s, journal.New(s.journalDir, journal.Header{
		RunID: key.RunID, Attempt: key.Attempt, Fence: fence, Cookie: cookie, BuildDir: buildDir, BootID: s.BootID,
	}))
}
