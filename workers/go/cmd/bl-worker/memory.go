package main

import (
	"os"
	"runtime/debug"
)

const (
	// gcPercent keeps the heap of an idle worker small. Under load it is collected often, which is cheap since it is small.
	gcPercent = 40
	// memoryLimitBytes is what the runtime tries to stay below while output streams through the worker.
	memoryLimitBytes = 96 << 20
)

// tuneMemory tunes the runtime for a program that is mostly idle, unless GOGC and GOMEMLIMIT are set.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimitBytes)
	}
}
