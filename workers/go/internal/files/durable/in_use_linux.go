package durable

import "os"

// Rename renames a file, and replaces one that has the name.
func Rename(from, to string) error { return os.Rename(from, to) }

// RemoveTree removes a directory with its contents. It is no error if there is none.
func RemoveTree(path string) error { return os.RemoveAll(path) }
