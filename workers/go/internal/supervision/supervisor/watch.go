package supervisor

import (
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/paths"
)

const (
	// watchInterval is how often watched files are polled: there is no portable way to be notified.
	watchInterval  = 200 * time.Millisecond
	watchReadBytes = 64 << 10
	// bytesPerPoll is how much is read of one file before the next.
	bytesPerPoll = 4 << 20
)

// watcher makes output of what is appended to files, like `tail --follow=name`.
type watcher struct {
	files   []*watchedFile
	capture *capture
	closing chan struct{}
	done    sync.WaitGroup
}

// newWatcher opens the files and finds their ends.
func newWatcher(dir paths.BuildDir, files []contract.WatchedFile, channels []*channel, c *capture) *watcher {
	w := &watcher{capture: c, closing: make(chan struct{})}
	for i, file := range files {
		w.files = append(w.files, newWatchedFile(dir, file, func(data []byte) { c.feed(channels[i], data) }))
	}
	return w
}

func (w *watcher) start() {
	if w == nil {
		return
	}
	w.done.Go(func() {
		ticker := time.NewTicker(watchInterval)
		defer ticker.Stop()
		for {
			select {
			case <-w.closing:
				return
			case <-ticker.C:
				if w.capture.dropsWhenFull || w.capture.budget.available() > 0 {
					w.poll()
				}
			}
		}
	})
}

// finish reads what was appended last, and closes the files.
func (w *watcher) finish() {
	if w == nil {
		return
	}
	close(w.closing)
	w.done.Wait()
	w.poll()
	for _, file := range w.files {
		file.close()
	}
}

func (w *watcher) poll() {
	for _, file := range w.files {
		file.poll()
	}
}

// watchedFile is one file, which need not exist yet. If it is truncated or replaced, it is read again from its beginning.
type watchedFile struct {
	dir    paths.BuildDir
	path   []byte
	feed   func([]byte)
	file   *os.File // Kept open, so that a file that replaces it can't have the same identity.
	offset int64
}

func newWatchedFile(dir paths.BuildDir, spec contract.WatchedFile, feed func([]byte)) *watchedFile {
	w := &watchedFile{dir: dir, path: spec.Path, feed: feed}
	w.file = w.open()
	if w.file != nil && !spec.FromStart {
		if info, err := w.file.Stat(); err == nil {
			w.offset = info.Size()
		}
	}
	return w
}

// poll feeds what was appended, to this file and to one that has replaced it.
func (w *watchedFile) poll() {
	w.read()
	current := w.open()
	if current == nil {
		return
	}
	if w.isSame(current) {
		current.Close()
		return
	}
	w.close()
	w.file, w.offset = current, 0
	w.read()
}

func (w *watchedFile) close() {
	if w.file != nil {
		w.file.Close()
		w.file = nil
	}
}

// isSame reports whether a file is the one that is open.
func (w *watchedFile) isSame(current *os.File) bool {
	if w.file == nil {
		return false
	}
	before, errBefore := w.file.Stat()
	now, errNow := current.Stat()
	return errBefore == nil && errNow == nil && os.SameFile(before, now)
}

// open opens the file that has the name now; nil if there is none.
func (w *watchedFile) open() *os.File {
	path, err := w.dir.ResolveLinks(w.path)
	if err != nil {
		return nil
	}
	root, err := w.dir.OpenRoot()
	if err != nil {
		return nil
	}
	defer root.Close()
	file, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil
	}
	return file
}

// read feeds what was appended to the open file.
func (w *watchedFile) read() {
	if w.file == nil {
		return
	}
	info, err := w.file.Stat()
	if err != nil {
		return
	}
	if info.Size() < w.offset {
		w.offset = 0
	}
	appended := io.NewSectionReader(w.file, w.offset, min(info.Size()-w.offset, bytesPerPoll))
	buffer := make([]byte, min(watchReadBytes, appended.Size()))
	for len(buffer) > 0 {
		size, err := appended.Read(buffer)
		if size > 0 {
			w.offset += int64(size)
			w.feed(append([]byte(nil), buffer[:size]...))
		}
		if err != nil {
			return
		}
	}
}
