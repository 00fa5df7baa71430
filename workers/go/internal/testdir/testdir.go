// Package testdir makes temporary directories for tests, like testing.TB.TempDir; that can't remove its directories under Wine.
package testdir

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// New makes a directory that is removed when the test has ended.
func New(t testing.TB) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "buildledger-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { removeAll(t, directory) })
	return directory
}

// removeAll removes a directory path by path, read-only directories too.
func removeAll(t testing.TB, directory string) {
	var paths []string
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		paths = append(paths, path)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, path := range slices.Backward(paths) {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}
