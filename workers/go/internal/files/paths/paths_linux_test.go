package paths

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// newDir makes a build directory with links of all kinds in it.
func newDir(t *testing.T) BuildDir {
	t.Helper()
	work := t.TempDir()
	dir, err := NewBuildDir(work, "a/b")
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"out": "../..", "abs-out": work, "self": ".", "loop": "loop", "up-and-back": "../b/real", "dangling": "../../gone",
		"abs-in": filepath.Join(dir.Path(), "real"),
	} {
		if err := os.Symlink(target, filepath.Join(dir.Path(), name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir.Path(), "real"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Paths that leave the directory are refused, by name or through links.
func TestPathsThatLeaveAreRefused(t *testing.T) {
	dir := newDir(t)
	for _, path := range []string{"/etc/passwd", "..", "real/../..", "real/../real", "out/x", "abs-out/x", "a\x00b", "dangling/x"} {
		var escapes *EscapesError
		if got, err := dir.Resolve([]byte(path)); !errors.As(err, &escapes) {
			t.Errorf("%q: %q, %v", path, got, err)
		}
	}
	for _, path := range []string{"out", "abs-out", "dangling"} {
		if got, err := dir.ResolveLinks([]byte(path)); err == nil {
			t.Errorf("%q followed: %q", path, got)
		}
	}
	if _, err := dir.ResolveLinks([]byte("loop")); err == nil {
		t.Error("a loop has an end")
	}
}

// Links that stay inside are resolved, absolute ones too; the last name only when it is to be followed.
func TestLinksThatStayAreResolved(t *testing.T) {
	dir := newDir(t)
	for path, want := range map[string]string{
		"": ".", ".": ".", "self/x": "x", "abs-in/x": "real/x", "up-and-back/./x": "real/x", "out": "out", "new//deep": "new/deep",
	} {
		if got, err := dir.Resolve([]byte(path)); err != nil || got != want {
			t.Errorf("%q: %q, %v; not %q", path, got, err, want)
		}
	}
	if got, err := dir.ResolveLinks([]byte("abs-in")); err != nil || got != "real" {
		t.Errorf("followed: %q, %v", got, err)
	}
}

// A build directory is made of plain names, and stays in the work directory.
func TestBuildDirectoryStaysInWorkDirectory(t *testing.T) {
	work := t.TempDir()
	if err := os.Symlink("/", filepath.Join(work, "root")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "/", "a//b", "../x", "a/..", ".", "root/tmp", "root", "a\\b", "a\x00"} {
		if got, err := NewBuildDir(work, name); err == nil {
			t.Errorf("%q: %q", name, got.Path())
		}
	}
}
