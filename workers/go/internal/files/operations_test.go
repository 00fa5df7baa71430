package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"buildledger/workers/go/internal/files/paths"
	"buildledger/workers/go/internal/testdir"
	pb "buildledger/workers/go/internal/workerv1"
)

func newDir(t *testing.T, files ...string) paths.BuildDir {
	t.Helper()
	dir, err := paths.NewBuildDir(testdir.New(t), "build")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		perform(t, dir, &pb.RunSpec{Operation: &pb.RunSpec_WriteFile{WriteFile: &pb.WriteFile{
			Path: []byte(name), Content: []byte(name), MakeParents: true,
		}}})
	}
	return dir
}

// perform does an operation that succeeds.
func perform(t *testing.T, dir paths.BuildDir, spec *pb.RunSpec) *pb.FileResult {
	t.Helper()
	results, err := Perform(t.Context(), dir, spec)
	if err != nil || len(results) != 1 || results[0].GetError() != nil {
		t.Fatalf("%v, %v", results, err)
	}
	return results[0]
}

func errorCodeOf(t *testing.T, dir paths.BuildDir, spec *pb.RunSpec) pb.FileErrorCode {
	t.Helper()
	results, err := Perform(t.Context(), dir, spec)
	if err != nil || results[len(results)-1].GetError() == nil {
		t.Fatalf("%v, %v", results, err)
	}
	return results[len(results)-1].GetError().GetCode()
}

func statOf(path string) *pb.RunSpec {
	return &pb.RunSpec{Operation: &pb.RunSpec_Stat{Stat: &pb.Stat{Path: []byte(path), Sha256: true}}}
}

func removing(path string) *pb.RunSpec {
	return &pb.RunSpec{Operation: &pb.RunSpec_Remove{Remove: &pb.Remove{Path: []byte(path)}}}
}

func copying(source, destination string) *pb.RunSpec {
	return &pb.RunSpec{Operation: &pb.RunSpec_Copy{Copy: &pb.Copy{Source: []byte(source), Destination: []byte(destination)}}}
}

func globbing(patterns ...string) *pb.RunSpec {
	glob := &pb.Glob{}
	for _, pattern := range patterns {
		glob.Patterns = append(glob.Patterns, []byte(pattern))
	}
	return &pb.RunSpec{Operation: &pb.RunSpec_Glob{Glob: glob}}
}

// A file that was written can be described and read, also in parts.
func TestWrittenFilesAreRead(t *testing.T) {
	dir := newDir(t, "a/b.txt")
	entry := perform(t, dir, statOf("a/b.txt")).GetEntries()[0]
	digest := sha256.Sum256([]byte("a/b.txt"))
	if entry.GetSize() != 7 || entry.GetType() != pb.FileType_FILE_TYPE_REGULAR || !slices.Equal(entry.GetSha256(), digest[:]) {
		t.Errorf("%v", entry)
	}
	read := perform(t, dir, &pb.RunSpec{Operation: &pb.RunSpec_ReadFile{ReadFile: &pb.ReadFile{Path: []byte("a/b.txt"), Offset: 2, Limit: 3}}})
	if string(read.GetContent()) != "b.t" || !read.GetTruncated() {
		t.Errorf("%v", read)
	}
	if left, _ := filepath.Glob(filepath.Join(dir.Path(), "a", ".buildledger-*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// What doesn't exist has no entry, and removing it changes nothing.
func TestNothingIsNoError(t *testing.T) {
	dir := newDir(t)
	for _, spec := range []*pb.RunSpec{statOf("gone/x"), removing("gone/x"), removing("."), globbing("**")} {
		if result := perform(t, dir, spec); result.GetChanged() || len(result.GetEntries()) > 0 {
			t.Errorf("%v: %v", spec, result)
		}
	}
}

// A tree is removed whole, what its permissions protect included; the build directory itself too.
func TestTreesAreRemoved(t *testing.T) {
	dir := newDir(t, "a/b/c", "a/d", "keep")
	if err := os.Chmod(filepath.Join(dir.Path(), "a", "b"), 0o500); err != nil {
		t.Fatal(err)
	}
	if !perform(t, dir, removing("a")).GetChanged() || perform(t, dir, removing("a")).GetChanged() {
		t.Error("it was there once")
	}
	if len(perform(t, dir, statOf("keep")).GetEntries()) != 1 {
		t.Error("too much was removed")
	}
	perform(t, dir, removing("."))
	if _, err := os.Stat(dir.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// A copy replaces what was there, and a directory can't be copied into itself.
func TestTreesAreCopied(t *testing.T) {
	dir := newDir(t, "a/b/c", "a/d", "old/x")
	perform(t, dir, copying("a", "old"))
	var paths []string
	for _, entry := range perform(t, dir, globbing("old/**")).GetEntries() {
		paths = append(paths, string(entry.GetPath()))
	}
	if !slices.Equal(paths, []string{"old/b", "old/b/c", "old/d"}) {
		t.Errorf("%v", paths)
	}
	if code := errorCodeOf(t, dir, copying("a", "a/b/e")); code != pb.FileErrorCode_FILE_ERROR_CODE_IO {
		t.Errorf("%v", code)
	}
	if code := errorCodeOf(t, dir, copying("gone", "e")); code != pb.FileErrorCode_FILE_ERROR_CODE_NOT_FOUND {
		t.Errorf("%v", code)
	}
}

// Errors have the protocol's names.
func TestErrorsHaveNames(t *testing.T) {
	dir := newDir(t, "file")
	making := func(path string) *pb.RunSpec {
		return &pb.RunSpec{Operation: &pb.RunSpec_MakeDirectory{MakeDirectory: &pb.MakeDirectory{Path: []byte(path)}}}
	}
	reading := func(path string) *pb.RunSpec {
		return &pb.RunSpec{Operation: &pb.RunSpec_ReadFile{ReadFile: &pb.ReadFile{Path: []byte(path)}}}
	}
	perform(t, dir, making("directory"))
	for name, each := range map[string]struct {
		spec *pb.RunSpec
		code pb.FileErrorCode
	}{
		"in the way":    {making("file"), pb.FileErrorCode_FILE_ERROR_CODE_EXISTS},
		"missing":       {reading("gone"), pb.FileErrorCode_FILE_ERROR_CODE_NOT_FOUND},
		"not a file":    {reading("directory"), pb.FileErrorCode_FILE_ERROR_CODE_IS_A_DIRECTORY},
		"escapes":       {removing("../other"), pb.FileErrorCode_FILE_ERROR_CODE_PATH_ESCAPES},
		"glob escapes":  {globbing("a/../../*"), pb.FileErrorCode_FILE_ERROR_CODE_PATH_ESCAPES},
		"absolute":      {statOf("/etc"), pb.FileErrorCode_FILE_ERROR_CODE_PATH_ESCAPES},
		"too much":      {&pb.RunSpec{Operation: &pb.RunSpec_WriteFile{WriteFile: &pb.WriteFile{Path: []byte("x"), Content: make([]byte, MaxContentBytes+1)}}}, pb.FileErrorCode_FILE_ERROR_CODE_TOO_LARGE},
		"no such place": {&pb.RunSpec{Operation: &pb.RunSpec_WriteFile{WriteFile: &pb.WriteFile{Path: []byte("gone/x")}}}, pb.FileErrorCode_FILE_ERROR_CODE_NOT_FOUND},
	} {
		if code := errorCodeOf(t, dir, each.spec); code != each.code {
			t.Errorf("%s: %v", name, code)
		}
	}
	if runtime.GOOS != "windows" {
		if code := errorCodeOf(t, dir, reading("file/below")); code != pb.FileErrorCode_FILE_ERROR_CODE_NOT_A_DIRECTORY {
			t.Errorf("below a file: %v", code)
		}
	}
}

// An operation whose context has ended returns the context's error, and no results.
func TestStoppedOperationsEnd(t *testing.T) {
	dir := newDir(t, "a/b")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, spec := range []*pb.RunSpec{removing("a"), copying("a", "c"), globbing("**")} {
		if results, err := Perform(ctx, dir, spec); !errors.Is(err, context.Canceled) {
			t.Errorf("%v: %v, %v", spec, results, err)
		}
	}
}

// Long lists come in several results, each of which fits into a message.
func TestLongListsArePaged(t *testing.T) {
	var entries []*pb.FileEntry
	for i := range 3000 {
		entries = append(entries, &pb.FileEntry{Path: fmt.Appendf(nil, "a/rather/long/name/of/some/file/somewhere/%06d", i)})
	}
	total := 0
	results := Paged(entries)
	for _, result := range results {
		total += len(result.GetEntries())
	}
	if len(results) < 2 || total != 3000 || len(Paged(nil)) != 1 {
		t.Errorf("%d entries in %d results", total, len(results))
	}
}

// Names match as people expect of a shell.
func TestNamesMatch(t *testing.T) {
	for _, each := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"*.txt", "a.txt", true}, {"*.txt", "a.txt2", false}, {"a?c", "abc", true}, {"a?c", "aéc", true},
		{"[a-c]x", "bx", true}, {"[!a-c]x", "bx", false}, {"[]]", "]", true}, {"[", "[", true}, {"[a", "[a", true},
		{"*a*b*c", "xxaxxbxxc", true}, {"*a*b*c", "xxaxxcxxb", false}, {"*\xff*", "a\xffb", true}, {"", "", true}, {"?", "", false},
		{"a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false}, {"ä*", "äb", true},
	} {
		if got := matchesPattern(each.pattern, each.name); got != each.want {
			t.Errorf("%q and %q: %v", each.pattern, each.name, got)
		}
	}
}
