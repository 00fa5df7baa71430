package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"google.golang.org/protobuf/types/known/timestamppb"

	"buildledger/workers/go/internal/files/paths"
	pb "buildledger/workers/go/internal/workerv1"
)

// maxEntries is how many entries a listing has at most.
const maxEntries = 10_000

// glob does a Glob operation.
func glob(ctx context.Context, root *os.Root, operation *pb.Glob) ([]*pb.FileResult, error) {
	limit := int(min(operation.GetLimit(), maxEntries))
	if limit == 0 {
		limit = maxEntries
	}
	found := make(map[string]bool)
	truncated := false
	for _, pattern := range operation.GetPatterns() {
		err := Match(ctx, root, pattern, func(path string) bool {
			truncated = truncated || !found[path] && len(found) == limit
			if !truncated {
				found[path] = true
			}
			return !truncated
		})
		if err != nil {
			return nil, err
		}
	}
	paths := make([]string, 0, len(found))
	for path := range found {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var entries []*pb.FileEntry
	for _, path := range paths {
		entry, err := Describe(root, path, false)
		if errors.Is(err, fs.ErrNotExist) {
			continue // It was removed meanwhile.
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	results := Paged(entries)
	results[len(results)-1].Truncated = truncated
	return results, nil
}

// Describe is what lies at path; a link itself, not what it points to.
func Describe(root *os.Root, path string, withDigest bool) (*pb.FileEntry, error) {
	info, err := root.Lstat(path)
	if err != nil {
		return nil, err
	}
	entry := &pb.FileEntry{
		Path:       []byte(filepath.ToSlash(path)),
		Mode:       toProtocol(info.Mode()),
		ModifiedAt: timestamppb.New(info.ModTime()),
	}
	switch {
	case info.Mode().IsRegular():
		entry.Type = pb.FileType_FILE_TYPE_REGULAR
		entry.Size = uint64(info.Size())
		if withDigest {
			entry.Sha256, err = Digest(context.Background(), root, path)
		}
	case info.IsDir():
		entry.Type = pb.FileType_FILE_TYPE_DIRECTORY
	case info.Mode()&fs.ModeSymlink != 0:
		entry.Type = pb.FileType_FILE_TYPE_SYMLINK
		var target string
		target, err = root.Readlink(path)
		entry.LinkTarget = []byte(target)
	default:
		entry.Type = pb.FileType_FILE_TYPE_OTHER
	}
	return entry, err
}

// Digest is the SHA-256 of a file's content.
func Digest(ctx context.Context, root *os.Root, path string) ([]byte, error) {
	// Without O_NONBLOCK a named pipe that took its place would keep the run waiting for a writer.
	file, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.CopyBuffer(onlyWriter{digest}, contextReader{ctx, file}, make([]byte, copyBytes)); err != nil {
		return nil, err
	}
	return digest.Sum(nil), nil
}

// Match calls found with each path that matches a pattern, until that returns false; within each directory in order of the names'
// bytes. Links to directories aren't entered. The error is a paths.EscapesError if the pattern leads out of root, that of ctx, or that of
// a directory that can't be read.
func Match(ctx context.Context, root *os.Root, pattern []byte, found func(path string) bool) error {
	if err := checkPatterns([][]byte{pattern}); err != nil {
		return err
	}
	var parts []string
	for part := range strings.SplitSeq(string(pattern), "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	w := &walk{ctx: ctx, root: root, found: found}
	return w.walkDirectory(".", parts)
}

// checkPatterns refuses patterns that lead out of the build directory.
func checkPatterns(patterns [][]byte) error {
	for _, pattern := range patterns {
		if bytes.HasPrefix(pattern, []byte("/")) || slices.Contains(strings.Split(string(pattern), "/"), "..") {
			return &paths.EscapesError{Path: string(pattern)}
		}
	}
	return nil
}

// walk is the search for one pattern.
type walk struct {
	ctx    context.Context
	root   *os.Root
	found  func(string) bool
	isDone bool
}

// walkDirectory finds what matches the parts of a pattern below path.
func (w *walk) walkDirectory(path string, parts []string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if len(parts) == 0 || w.isDone {
		return nil
	}
	entries, err := sortedEntries(w.root, path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil // It isn't a directory, or none any more.
	}
	if err != nil {
		return &unreadableError{path, err}
	}
	if parts[0] == "**" {
		return w.walkAnyDepth(path, entries, parts)
	}
	for _, entry := range entries {
		if !matchesPattern(parts[0], entry.Name()) {
			continue
		}
		below := filepath.Join(path, entry.Name())
		if len(parts) == 1 {
			w.report(below)
		} else if entry.IsDir() {
			if err := w.walkDirectory(below, parts[1:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// walkAnyDepth finds what matches the parts after "**": in path, and in all directories below.
func (w *walk) walkAnyDepth(path string, entries []fs.DirEntry, parts []string) error {
	if err := w.walkDirectory(path, parts[1:]); err != nil {
		return err
	}
	for _, entry := range entries {
		below := filepath.Join(path, entry.Name())
		if len(parts) == 1 {
			w.report(below)
		}
		if entry.IsDir() {
			if err := w.walkDirectory(below, parts); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) report(path string) {
	if !w.isDone {
		w.isDone = !w.found(path)
	}
}

// sortedEntries lists a directory in order of the names' bytes.
func sortedEntries(root *os.Root, path string) ([]fs.DirEntry, error) {
	directory, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer directory.Close()
	entries, err := directory.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}
