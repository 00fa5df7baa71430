package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"buildledger/workers/go/internal/files"
)

const (
	// lookInterval is how often a worker that runs looks for unused build directories.
	lookInterval = 6 * time.Hour

	asidePrefix = ".unused-"
	ownerAll    = 0o700
)

// unusedDirectories notes when build directories are used, and removes those that weren't for keep; 0: never.
//
// Each has a note in used/ in the state directory, named as the directory, whose time is that of the last use. What has none was
// made by somebody else, or by a version without notes, and is left alone.
type unusedDirectories struct {
	notes, workDir string
	keep           time.Duration
	log            *slog.Logger
}

func newUnusedDirectories(settings Settings) *unusedDirectories {
	return &unusedDirectories{
		notes: filepath.Join(settings.StateDir, "used"), workDir: settings.WorkDir, keep: settings.Keep, log: settings.Log,
	}
}

// note says that a run is about to use a build directory.
func (u *unusedDirectories) note(buildDir string) {
	name := firstName(buildDir)
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "\\\x00") || strings.HasPrefix(name, asidePrefix) {
		return // The run is about to be refused.
	}
	path, now := filepath.Join(u.notes, name), time.Now()
	err := os.MkdirAll(u.notes, ownerAll)
	if err == nil {
		err = os.WriteFile(path, nil, 0o600)
	}
	if err == nil {
		err = os.Chtimes(path, now, now)
	}
	if err != nil {
		u.log.Warn("the use of a build directory can't be noted", "directory", name, "error", err)
	}
}

// keepRemoving removes what is due, now and again, until ctx ends. whileIdle calls its argument with the build directories of runs
// at work, at a moment at which no run can begin.
func (u *unusedDirectories) keepRemoving(ctx context.Context, whileIdle func(func(busy []string))) {
	for {
		var unused []string
		var err error
		whileIdle(func(busy []string) { unused, err = u.putAside(busy) })
		if err != nil {
			u.log.Warn("unused build directories can't be looked for", "error", err)
		}
		for _, directory := range unused {
			if err := u.remove(ctx, directory); err != nil && ctx.Err() == nil {
				u.log.Warn("an unused build directory can't be removed", "directory", directory, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookInterval):
		}
	}
}

// putAside moves those that are due out of the way of runs that begin, and says where they are; whoever called removes them. What
// was moved before and not removed comes, too.
func (u *unusedDirectories) putAside(busy []string) ([]string, error) {
	if u.keep == 0 {
		return nil, nil
	}
	var used []string
	for _, buildDir := range busy {
		used = append(used, firstName(buildDir))
	}
	notes, err := os.ReadDir(u.notes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, note := range notes {
		info, err := note.Info()
		if err != nil || slices.Contains(used, note.Name()) || time.Since(info.ModTime()) < u.keep {
			continue
		}
		if err := u.move(note.Name()); err != nil {
			return nil, err
		}
	}
	return filepath.Glob(filepath.Join(u.workDir, asidePrefix+"*"))
}

// move takes a build directory out of the way, and its note away.
func (u *unusedDirectories) move(name string) error {
	directory := filepath.Join(u.workDir, name)
	if info, err := os.Lstat(directory); err == nil && info.IsDir() {
		var random [4]byte
		_, _ = rand.Read(random[:]) // Never fails.
		aside := filepath.Join(u.workDir, asidePrefix+hex.EncodeToString(random[:])+"-"+name)
		if err := os.Rename(directory, aside); err != nil {
			return err
		}
		u.log.Info("removing a build directory: nothing has used it for long", "directory", name)
	}
	return os.Remove(filepath.Join(u.notes, name))
}

// remove removes a directory with all that is in it, also what is read-only, until ctx ends; links aren't followed.
func (u *unusedDirectories) remove(ctx context.Context, directory string) error {
	root, err := os.OpenRoot(u.workDir)
	if err != nil {
		return err
	}
	defer root.Close()
	return files.RemovePath(ctx, root, filepath.Base(directory))
}

func firstName(buildDir string) string {
	first, _, _ := strings.Cut(buildDir, "/")
	return first
}
