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

// namesPerRead are read from a directory that is being removed.
const namesPerRead = 1000

func remove(ctx context.Context, dir paths.BuildDir, operation *pb.Remove) (*pb.FileResult, error) {
	path, err := dir.Resolve(operation.GetPath())
	if err != nil {
		return nil, err
	}
	// The build directory itself is removed from the directory above.
	top, path := dir.Path(), path
	if path == "." {
		top, path = filepath.Dir(dir.Path()), filepath.Base(dir.Path())
	}
	root, err := os.OpenRoot(top)
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
	return &pb.FileResult{Changed: true}, removePath(ctx, root, path)
}

// removePath removes a file, a link, or a directory with all in it, directories that a build made read-only included.
func removePath(ctx context.Context, root *os.Root, path string) error {
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

// removeContents removes all in a directory.
func removeContents(ctx context.Context, root *os.Root, path string, mode fs.FileMode) error {
	if mode.Perm()&0o700 != 0o700 {
		// If that isn't allowed, what follows says so.
		_ = root.Chmod(path, 0o700)
	}
	inner, err := root.OpenRoot(path)
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
			if err := removePath(ctx, inner, name); err != nil {
				return err
			}
		}
	}
}

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

// makeWritable takes the protection from what can't be removed: a read-only file where that matters.
func makeWritable(root *os.Root, path string, mode fs.FileMode) bool {
	return mode.IsRegular() && root.Chmod(path, 0o600) == nil
}

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
	if err := removePath(ctx, root, target); err != nil {
		return nil, err
	}
	return &pb.FileResult{Changed: true}, copyTree(ctx, root, source, target)
}

func contains(directory, path string) bool {
	return directory == "." || path == directory || strings.HasPrefix(path, directory+string(filepath.Separator))
}

// copyTree copies a file, a link or a directory to a name that is free; permissions and times are kept.
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
