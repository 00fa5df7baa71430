package supervisor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/testdir"
)

// The time for which a full spool has blocked a command doesn't count as silence, not even in the moment before it writes again.
func TestBlockedTimeIsNotSilence(t *testing.T) {
	directory := testdir.New(t)
	if err := os.Mkdir(filepath.Join(directory, contract.SpoolDirectory), 0o700); err != nil {
		t.Fatal(err)
	}
	writer := &spoolWriter{directory: directory, segmentBytes: 4}
	if _, err := writer.write([]byte("12345678")); err != nil {
		t.Fatal(err)
	}
	defer writer.close()
	c := &capture{
		budget:    newSpoolBudget([]*spoolWriter{writer}, &contract.Launch{SegmentBytes: 4, SpoolBytes: 8}),
		closing:   make(chan struct{}),
		startedAt: time.Now(),
	}
	deletedAt := make(chan time.Time, 1)
	time.AfterFunc(3*spacePollInterval, func() {
		deletedAt <- time.Now()
		_ = os.Remove(contract.SegmentPath(directory, 0, 0))
	})
	if space := c.waitForSpace(); space != 4 {
		t.Errorf("space for %d bytes", space)
	}
	if silent, unblocked := c.silentFor(), time.Since(<-deletedAt); silent > unblocked {
		t.Errorf("silent for %v, of which it was blocked all but %v", silent, unblocked)
	}
}
