package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"buildledger/workers/go/internal/files/paths"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// namesPerRead are read at once from a directory that is being removed.
	namesPerRead = 1000
	copyBytes    = 256 << 10
)

// remove does a Remove operation.
func remove(ctx context.Context, dir paths.BuildDir, operation *pb.Remove) (*pb.FileResult, error) {
	path, err := dir.Resolve(operation.GetPath())
	if err != nil {
		return nil, err
	}
	var root *os.Root
	if path == "." {
		// The build directory itself is removed from the directory above.
		root, path, err = dir.OpenParent()
	} else {
		root, err = dir.OpenRoot()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &pb.FileResult{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if _, err := root.Lstat(path); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return &pb.FileResult{}, nil
	}
	return &pb.FileResult{Changed: true}, RemovePath(ctx, root, path)
}

// RemovePath removes a file, a link, or a directory with its contents, read-only ones too.
func RemovePath(ctx context.Context, root *os.Root, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := root.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		if err := removeContents(ctx, root, path, info.Mode()); err != nil {
			return err
		}
	}
	err = removeEntry(root, path)
	if errors.Is(err, fs.ErrPermission) && makeWritable(root, path, info.Mode()) {
		err = removeEntry(root, path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// removeContents removes everything in a directory.
func removeContents(ctx context.Context, root *os.Root, path string, mode fs.FileMode) error {
	if mode.Perm()&0o700 != 0o700 {
		// If that isn't allowed, what follows fails with the reason.
		_ = root.Chmod(path, 0o700)
	}
	inner, err := paths.OpenChild(root, path)
	if err != nil {
		return err
	}
	defer inner.Close()
	for {
		names, err := readNames(inner)
		if err != nil || len(names) == 0 {
			return err
		}
		for _, name := range names {
			if err := RemovePath(ctx, inner, name); err != nil {
				return err
			}
		}
	}
}

// readNames reads some names of a directory; none at its end.
func readNames(root *os.Root) ([]string, error) {
	directory, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer directory.Close()
	names, err := directory.Readdirnames(namesPerRead)
	if isEOF(err) {
		return nil, nil
	}
	return names, err
}

// makeWritable clears the read-only attribute of a file, which keeps it from being removed on Windows; false for anything else.
func makeWritable(root *os.Root, path string, mode fs.FileMode) bool {
	return mode.IsRegular() && root.Chmod(path, 0o600) == nil
}

// copyPath does a Copy operation.
func copyPath(ctx context.Context, dir paths.BuildDir, root *os.Root, operation *pb.Copy) (*pb.FileResult, error) {
	source, err := dir.Resolve(operation.GetSource())
	if err != nil {
		return nil, err
	}
	target, err := dir.Resolve(operation.GetDestination())
	if err != nil {
		return nil, err
	}
	if contains(source, target) || contains(target, source) {
		return nil, &fs.PathError{Op: "copy", Path: target, Err: errors.New("source and destination contain each other")}
	}
	if _, err := root.Lstat(source); err != nil {
		return nil, err
	}
	if err := root.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return nil, err
	}
	if err := RemovePath(ctx, root, target); err != nil {
		return nil, err
	}
	return &pb.FileResult{Changed: true}, copyTree(ctx, root, source, target)
}

// contains reports whether a path is a directory or lies in it.
func contains(directory, path string) bool {
	return directory == "." || path == directory || strings.HasPrefix(path, directory+string(filepath.Separator))
}

// copyTree copies a file, a link or a directory to a path where nothing is. Permissions and times are kept.
func copyTree(ctx context.Context, root *os.Root, source, target string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := root.Lstat(source)
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		text, err := root.Readlink(source)
		if err != nil {
			return err
		}
		return root.Symlink(text, target)
	case info.IsDir():
		if err := root.Mkdir(target, 0o700); err != nil {
			return err
		}
		entries, err := sortedEntries(root, source)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			err := copyTree(ctx, root, filepath.Join(source, entry.Name()), filepath.Join(target, entry.Name()))
			if err != nil {
				return err
			}
		}
	case info.Mode().IsRegular():
		if err := copyFile(ctx, root, source, target); err != nil {
			return err
		}
	default:
		return &fs.PathError{Op: "copy", Path: source, Err: errors.New("neither a file, a directory nor a link")}
	}
	if err := root.Chmod(target, info.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return root.Chtimes(target, info.ModTime(), info.ModTime())
}

// copyFile copies the content of a regular file.
func copyFile(ctx context.Context, root *os.Root, source, target string) error {
	from, err := root.Open(source)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := root.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(onlyWriter{to}, contextReader{ctx, from}, make([]byte, copyBytes))
	return errors.Join(err, to.Close())
}

// contextReader reads until its context ends.
type contextReader struct {
	ctx    context.Context
	reader io.Reader
}

func (c contextReader) Read(buffer []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.reader.Read(buffer)
}

// onlyWriter hides other methods, so that a copy uses the buffer it is given.
type onlyWriter struct{ io.Writer }
