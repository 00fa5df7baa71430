package durable

import "os"

// Rename gives a file another name, in place of a file that has it.
func Rename(from, to string) error { return os.Rename(from, to) }

// RemoveTree removes a directory with all that is in it; that there is none is no error.
func RemoveTree(path string) error { return os.RemoveAll(path) }
