package paths

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Create makes the directory and those above it. That it exists is no error. The error is an EscapesError if a link has taken its
// place, or that of a directory above.
func (d BuildDir) Create() error {
	if err := os.MkdirAll(d.workDir, 0o777); err != nil {
		return err
	}
	root, err := openBelow(d.workDir, d.path, true)
	if err != nil {
		return err
	}
	return root.Close()
}

// OpenRoot gives access to what lies in the directory, and to nothing else. The error is an EscapesError if a link has taken its
// place, or that of a directory above.
func (d BuildDir) OpenRoot() (*os.Root, error) { return openBelow(d.workDir, d.path, false) }

// OpenParent gives access to the directory that the build directory lies in, where it has the name.
func (d BuildDir) OpenParent() (root *os.Root, name string, err error) {
	root, err = openBelow(d.workDir, filepath.Dir(d.path), false)
	return root, filepath.Base(d.path), err
}

// OpenChild opens a directory in another one, and never what a link leads to; the error is an EscapesError then.
func OpenChild(root *os.Root, name string) (*os.Root, error) {
	named, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if isLinkMode(named.Mode()) {
		return nil, &EscapesError{name}
	}
	child, err := root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	// What was opened must be what had the name as a directory of its own.
	opened, err := child.Stat(".")
	if err == nil && !os.SameFile(named, opened) {
		err = &EscapesError{name}
	}
	if err != nil {
		return nil, errors.Join(err, child.Close())
	}
	return child, nil
}

// openBelow opens a directory from one above it downwards, and perhaps makes it. No link below that is followed.
func openBelow(base, path string, create bool) (*os.Root, error) {
	names, err := namesBelow(base, path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if create {
			err = root.Mkdir(name, 0o777)
		}
		var child *os.Root
		if err == nil || errors.Is(err, fs.ErrExist) {
			child, err = OpenChild(root, name)
		}
		if err != nil {
			return nil, errors.Join(err, root.Close())
		}
		root.Close()
		root = child
	}
	return root, nil
}

// namesBelow are the names that lead from a directory down to a path in it. Both are absolute.
func namesBelow(base, path string) ([]string, error) {
	relative, err := filepath.Rel(base, path)
	if err != nil || !filepath.IsLocal(relative) {
		return nil, &EscapesError{path}
	}
	if relative == "." {
		return nil, nil
	}
	return strings.Split(relative, string(filepath.Separator)), nil
}

func isLinkMode(mode fs.FileMode) bool { return mode&(fs.ModeSymlink|fs.ModeIrregular) != 0 }
