package worker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"buildledger/workers/go/internal/files/durable"
)

const epochFile = "epoch"

// readEpoch is the server's last epoch that this worker knows of; 0 if it knows of none.
func readEpoch(stateDir string) (uint64, error) {
	path := filepath.Join(stateDir, epochFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the epoch: %w", err)
	}
	epoch, err := strconv.ParseUint(strings.TrimSpace(string(content)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return epoch, nil
}

// storeEpoch keeps the epoch, so that a server that is behind is recognised also after a restart of the worker.
func storeEpoch(stateDir string, epoch uint64) error {
	return durable.ReplaceFile(filepath.Join(stateDir, epochFile), strconv.AppendUint(nil, epoch, 10))
}
