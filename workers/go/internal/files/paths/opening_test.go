package paths

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"buildledger/workers/go/internal/testdir"
)

// A build directory whose place a link has taken is neither opened nor made, nor is one in a directory that became a link.
func TestBuildDirectoryThatBecameALinkIsNotOpened(t *testing.T) {
	work := testdir.New(t)
	for _, path := range []string{"a/b", "other/b"} {
		if err := os.MkdirAll(filepath.Join(work, path), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, place := range map[string]string{"a/b": "a", "other/b": "other/b"} {
		dir, err := NewBuildDir(work, name)
		if err != nil {
			t.Fatal(err)
		}
		place = filepath.Join(work, place)
		if err := os.Rename(place, place+".moved"); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(place+".moved", place); err != nil {
			t.Skip("no link can be made here: ", err)
		}
		if info, err := os.Lstat(place); err != nil || !isLinkMode(info.Mode()) {
			t.Skip("a link that is made here is none: ", err)
		}
		var escapes *EscapesError
		if _, err := dir.OpenRoot(); !errors.As(err, &escapes) {
			t.Errorf("opening %s: %v", name, err)
		}
		if err := dir.Create(); !errors.As(err, &escapes) {
			t.Errorf("making %s: %v", name, err)
		}
		if held, err := HoldDir(work, dir.Path()); err == nil {
			held.Release()
			t.Errorf("%s is entered", name)
		}
	}
}

// A process can be started in a directory that is held; its files are those of the directory that had the name.
func TestHeldDirectoryIsEntered(t *testing.T) {
	work := testdir.New(t)
	dir, err := NewBuildDir(work, "build")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(dir.Create(), os.Mkdir(filepath.Join(dir.Path(), "inner"), 0o755)); err != nil {
		t.Fatal(err)
	}
	held, err := HoldDir(dir.WorkDir(), filepath.Join(dir.Path(), "inner"))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	// On Windows it can't be moved away, elsewhere its name doesn't matter.
	place := filepath.Join(dir.Path(), "inner")
	if err := os.Rename(dir.Path(), dir.Path()+".moved"); err == nil {
		place = filepath.Join(dir.Path()+".moved", "inner")
	}
	if err := os.WriteFile(filepath.Join(held.Path(), "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(place, "file")); err != nil {
		t.Error(err)
	}
}

// A build directory can be made, opened, and removed from the one above it, by the directories that were opened.
func TestBuildDirectoryIsMadeAndOpened(t *testing.T) {
	dir, err := NewBuildDir(testdir.New(t), "a/b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.OpenRoot(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	for range 2 {
		if err := dir.Create(); err != nil {
			t.Fatal(err)
		}
	}
	root, err := dir.OpenRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(root.WriteFile("file", nil, 0o600), root.Close()); err != nil {
		t.Fatal(err)
	}
	parent, name, err := dir.OpenParent()
	if err != nil {
		t.Fatal(err)
	}
	defer parent.Close()
	if _, err := parent.Stat(filepath.Join(name, "file")); err != nil {
		t.Error(err)
	}
}
