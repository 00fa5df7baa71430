// Package durable writes files so that they survive a crash of the machine, and renames and removes files that others may be
// reading.
package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// ReplaceFile replaces a private file atomically. The new content is on disk when it returns.
func ReplaceFile(path string, content []byte) error {
	// A temporary file is private from its first byte on, whatever the umask.
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return SyncDirectory(filepath.Dir(path))
}
