package durable

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"buildledger/workers/go/internal/testdir"
)

// A file that another reader has open is replaced, and its directory removed, as soon as the reader closes it.
func TestFilesThatAreRead(t *testing.T) {
	directory := filepath.Join(testdir.New(t), "tree")
	path := filepath.Join(directory, "inner", "file")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() error{
		func() error { return os.WriteFile(path, []byte("old"), 0o600) },
		func() error { return readWhile(path, func() error { return ReplaceFile(path, []byte("new")) }) },
		func() error { return readWhile(path, func() error { return RemoveTree(directory) }) },
		func() error { return RemoveTree(directory) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(directory); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// readWhile calls do while a file is open, which is closed 100 ms later.
func readWhile(path string, do func() error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	time.AfterFunc(100*time.Millisecond, func() { file.Close() })
	return do()
}
