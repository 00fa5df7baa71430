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
	// watchInterval: a file's growth can't be waited for portably; only runs that ask for it pay for looking.
	watchInterval  = 200 * time.Millisecond
	watchReadBytes = 64 << 10
	// bytesPerPoll keeps one file from delaying the others.
	bytesPerPoll = 4 << 20
)

// watcher turns the growth of files into output, as `tail --follow=name` would.
type watcher struct {
	files   []*watchedFile
	capture *capture
	closing chan struct{}
	done    sync.WaitGroup
}

// newWatcher looks where the files end before the command can have written to them.
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

// finish takes what has been added last, and lets go of the files.
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

// watchedFile need not exist yet; if it is cut short or replaced it is read again from its beginning.
type watchedFile struct {
	dir    paths.BuildDir
	path   []byte
	feed   func([]byte)
	file   *os.File // Kept open, so that the identity of a file that was replaced isn't given to its successor.
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

// poll feeds what has been added, up to a limit for each file that had the name.
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

func (w *watchedFile) isSame(current *os.File) bool {
	if w.file == nil {
		return false
	}
	before, errBefore := w.file.Stat()
	now, errNow := current.Stat()
	return errBefore == nil && errNow == nil && os.SameFile(before, now)
}

// open is the file that has the name, or nil.
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
	added := io.NewSectionReader(w.file, w.offset, min(info.Size()-w.offset, bytesPerPoll))
	buffer := make([]byte, min(watchReadBytes, added.Size()))
	for len(buffer) > 0 {
		size, err := added.Read(buffer)
		if size > 0 {
			w.offset += int64(size)
			w.feed(append([]byte(nil), buffer[:size]...))
		}
		if err != nil {
			return
		}
	}
}
