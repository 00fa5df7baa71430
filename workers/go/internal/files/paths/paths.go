// Package paths resolves the paths of the protocol inside a build directory, and refuses those that lead out of it.
//
// Names are resolved here, so that links which stay inside work whichever form they have; the operations themselves go through
// os.Root, which is opened from the work directory downwards, so that a link planted meanwhile leads nowhere.
package paths

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxLinks that one path may lead through, as in the kernel.
const maxLinks = 40

// EscapesError says that a path leads out of its directory.
type EscapesError struct {
	// Path as it was asked for.
	Path string
}

func (e *EscapesError) Error() string {
	return fmt.Sprintf("the path %q leaves the build directory", e.Path)
}

// BuildDir is a build directory, which need not exist yet.
type BuildDir struct {
	workDir string // Whoever set the worker up chose it: what lies above and itself may be a link.
	path    string
}

// NewBuildDir is the build directory that the server calls name. The error is an EscapesError if that isn't made of plain names, or
// if a link leads out of workDir.
func NewBuildDir(workDir, name string) (BuildDir, error) {
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "\\\x00") || !filepath.IsLocal(part) {
			return BuildDir{}, &EscapesError{name}
		}
	}
	base, err := realPath(workDir)
	if err != nil {
		return BuildDir{}, err
	}
	path, err := realPath(filepath.Join(base, filepath.FromSlash(name)))
	if err != nil {
		return BuildDir{}, err
	}
	if !isBelow(path, base) {
		return BuildDir{}, &EscapesError{name}
	}
	return BuildDir{base, path}, nil
}

// BuildDirAt is the build directory with the path and work directory of another BuildDir; without a work directory the path is
// taken for granted.
func BuildDirAt(workDir, path string) BuildDir {
	if workDir == "" {
		workDir = path
	}
	return BuildDir{workDir, path}
}

// Path is the real path of the directory.
func (d BuildDir) Path() string { return d.path }

// WorkDir is the real path of the directory that holds all build directories.
func (d BuildDir) WorkDir() string { return d.workDir }

// Resolve is path relative to the directory, in the machine's form. Links in its directories are resolved; its last name stays as
// it is, even if that is a link. It is "." for the directory itself. The error may be an EscapesError.
func (d BuildDir) Resolve(path []byte) (string, error) {
	clean, err := d.clean(path)
	if err != nil || clean == "." {
		return clean, err
	}
	parent, err := d.realInside(path, filepath.Dir(clean))
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, filepath.Base(clean)), nil
}

// ResolveLinks is like Resolve, and resolves a link in the last name as well.
func (d BuildDir) ResolveLinks(path []byte) (string, error) {
	clean, err := d.clean(path)
	if err != nil {
		return "", err
	}
	return d.realInside(path, clean)
}

// clean brings a path of the protocol into the machine's form.
func (d BuildDir) clean(path []byte) (string, error) {
	text := string(path)
	parts := strings.Split(text, "/")
	// ".." is refused even where it would stay inside: after a link it doesn't mean what the text says.
	if strings.HasPrefix(text, "/") || strings.ContainsRune(text, 0) || slices.Contains(parts, "..") {
		return "", &EscapesError{text}
	}
	clean := filepath.Join(parts...)
	if clean == "" {
		return ".", nil
	}
	if filepath.Separator == '\\' && strings.ContainsRune(text, '\\') || !filepath.IsLocal(clean) {
		return "", &EscapesError{text}
	}
	return clean, nil
}

// realInside resolves all links in a path relative to the directory; asked is the path for an error.
func (d BuildDir) realInside(asked []byte, relative string) (string, error) {
	path, err := realPath(filepath.Join(d.path, relative))
	if err != nil {
		return "", err
	}
	if path == d.path {
		return ".", nil
	}
	if !isBelow(path, d.path) {
		return "", &EscapesError{string(asked)}
	}
	return filepath.Rel(d.path, path)
}

// isBelow reports whether a path lies in a directory, by components: "build-evil" isn't in "build".
func isBelow(path, directory string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(directory, string(filepath.Separator))+string(filepath.Separator))
}

// realPath resolves all links in an absolute path; what doesn't exist stays as it is.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	separator := string(filepath.Separator)
	resolved, pending := split(path)
	for links := 0; len(pending) > 0; {
		name := pending[0]
		pending = pending[1:]
		if name == "" || name == "." {
			continue
		}
		next := filepath.Join(resolved, name) // ".." is the parent of where links have led.
		target, err := os.Readlink(next)
		if err != nil || !isLink(next) {
			resolved = next
			continue
		}
		if links++; links > maxLinks {
			return "", &fs.PathError{Op: "resolve", Path: path, Err: errors.New("too many levels of symbolic links")}
		}
		rest := strings.Split(target, separator)
		if filepath.IsAbs(target) {
			resolved, rest = split(target)
		}
		pending = append(rest, pending...)
	}
	return resolved, nil
}

// isLink reports whether a path is a link; os.Readlink succeeds for other things as well.
func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && isLinkMode(info.Mode())
}

// split divides an absolute path into its root and the names below.
func split(path string) (root string, names []string) {
	separator := string(filepath.Separator)
	volume := filepath.VolumeName(path)
	return volume + separator, strings.Split(strings.TrimPrefix(path[len(volume):], separator), separator)
}
