package files

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/files/paths"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	maxEntries = 10_000
	// maxResultBytes of entries stand in one event, which must fit into a message.
	maxResultBytes = 96 << 10
)

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
			continue // It went away meanwhile.
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

// Paged spreads entries over results that each fit into a message; there is at least one.
func Paged(entries []*pb.FileEntry) []*pb.FileResult {
	result := &pb.FileResult{}
	results := []*pb.FileResult{result}
	size := 0
	for _, entry := range entries {
		if size += proto.Size(entry) + 8; size > maxResultBytes && len(result.Entries) > 0 {
			result = &pb.FileResult{}
			results = append(results, result)
			size = proto.Size(entry)
		}
		result.Entries = append(result.Entries, entry)
	}
	return results
}

// Match calls found with each path that matches, until that returns false; each directory in order of its names' bytes.
// Directories behind links aren't entered. The error is an EscapesError if the pattern leads out, or that of ctx.
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
	return w.directory(".", parts)
}

func checkPatterns(patterns [][]byte) error {
	for _, pattern := range patterns {
		if bytes.HasPrefix(pattern, []byte("/")) || slices.Contains(strings.Split(string(pattern), "/"), "..") {
			return &paths.EscapesError{Path: string(pattern)}
		}
	}
	return nil
}

// walk is one pass through a tree.
type walk struct {
	ctx    context.Context
	root   *os.Root
	found  func(string) bool
	isDone bool
}

func (w *walk) directory(path string, parts []string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if len(parts) == 0 || w.isDone {
		return nil
	}
	entries, err := sortedEntries(w.root, path)
	if err != nil {
		// Nothing matches in what isn't a directory or can't be read.
		return nil
	}
	if parts[0] == "**" {
		return w.anyDepth(path, entries, parts)
	}
	for _, entry := range entries {
		if !matchesPattern(parts[0], entry.Name()) {
			continue
		}
		below := filepath.Join(path, entry.Name())
		if len(parts) == 1 {
			w.report(below)
		} else if entry.IsDir() {
			if err := w.directory(below, parts[1:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// anyDepth looks for what follows "**": with nothing in between, then one level deeper each.
func (w *walk) anyDepth(path string, entries []fs.DirEntry, parts []string) error {
	if err := w.directory(path, parts[1:]); err != nil {
		return err
	}
	for _, entry := range entries {
		below := filepath.Join(path, entry.Name())
		if len(parts) == 1 {
			w.report(below)
		}
		if entry.IsDir() {
			if err := w.directory(below, parts); err != nil {
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

// sortedEntries lists a directory in order of bytes.
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
