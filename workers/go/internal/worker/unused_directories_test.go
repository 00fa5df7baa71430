package worker

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

const day = 24 * time.Hour

// useDirectory makes a build directory with a locked one in it, as a module cache leaves it, that was used so long ago.
func useDirectory(t *testing.T, settings Settings, name string, ago time.Duration) {
	t.Helper()
	newUnusedDirectories(settings).note(name + "/below")
	at := time.Now().Add(-ago)
	cache := filepath.Join(settings.WorkDir, name, "cache")
	for _, err := range []error{
		os.Chtimes(filepath.Join(settings.StateDir, "used", name), at, at),
		os.MkdirAll(cache, 0o755),
		os.WriteFile(filepath.Join(cache, "file"), []byte("x"), 0o600),
		os.Chmod(cache, 0o500),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func namesIn(t *testing.T, directory string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// What was unused for long goes: not what was used lately, what is at work, or what is none of the worker's.
func TestUnusedDirectoriesGo(t *testing.T) {
	settings := Settings{StateDir: t.TempDir(), WorkDir: t.TempDir(), Keep: 30 * day, Log: slog.New(slog.DiscardHandler)}
	useDirectory(t, settings, "gone", 31*day)
	useDirectory(t, settings, "fresh", 29*day)
	useDirectory(t, settings, "at-work", 400*day)
	if err := os.Mkdir(filepath.Join(settings.WorkDir, "of-somebody-else"), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, cancel)
	newUnusedDirectories(settings).keepRemoving(ctx, func(look func([]string)) { look([]string{"at-work/below"}) })
	if got := namesIn(t, settings.WorkDir); !slices.Equal(got, []string{"at-work", "fresh", "of-somebody-else"}) {
		t.Error(got)
	}
	if got := namesIn(t, filepath.Join(settings.StateDir, "used")); !slices.Equal(got, []string{"at-work", "fresh"}) {
		t.Error(got)
	}
}

// What a worker that ended had moved and not removed comes again, and with 0 nothing is ever moved.
func TestUnusedDirectoriesComeAgain(t *testing.T) {
	settings := Settings{StateDir: t.TempDir(), WorkDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	useDirectory(t, settings, "old", 4000*day)
	if unused, err := newUnusedDirectories(settings).putAside(nil); err != nil || len(unused) != 0 {
		t.Error(unused, err)
	}
	settings.Keep = day
	for range 2 {
		unused, err := newUnusedDirectories(settings).putAside(nil)
		if err != nil || len(unused) != 1 {
			t.Fatal(unused, err)
		}
	}
}
