package contract

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/testdir"
)

// Only one side can claim a directory, and its claim is read back whole.
func TestDirectoryIsClaimedOnce(t *testing.T) {
	directory := testdir.New(t)
	if claim, err := ReadClaim(directory); claim != nil || err != nil {
		t.Errorf("%v, %v", claim, err)
	}
	own := Claim{Version: Version, Identity: processes.Identity{PID: 42, Started: 7, Cgroup: "/sys/fs/cgroup/run-mark"}, SegmentBytes: 1 << 20}
	if err := own.Create(directory); err != nil {
		t.Fatal(err)
	}
	if err := (Claim{Version: Version}).Create(directory); !errors.Is(err, ErrClaimed) {
		t.Errorf("claimed again: %v", err)
	}
	if claim, err := ReadClaim(directory); err != nil || claim == nil || *claim != own {
		t.Errorf("%+v, %v", claim, err)
	}
	if left, _ := os.ReadDir(directory); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
}

// A file that isn't whole counts as missing: a crash of the machine may leave one.
func TestDamagedFilesCountAsMissing(t *testing.T) {
	directory := testdir.New(t)
	if err := os.WriteFile(filepath.Join(directory, ExitFile), []byte(`{"code": 3, "rea`), 0o600); err != nil {
		t.Fatal(err)
	}
	if exit, err := ReadExit(directory); exit != nil || err != nil {
		t.Errorf("%+v, %v", exit, err)
	}
	code := uint32(3)
	if err := Replace(directory, ExitFile, Exit{Code: &code, Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	if exit, err := ReadExit(directory); err != nil || exit == nil || *exit.Code != 3 || exit.Reason != Completed {
		t.Errorf("%+v, %v", exit, err)
	}
}
