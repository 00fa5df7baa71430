package main

import (
	"os"
	"runtime/debug"
)

const (
	// collectAt makes the heap of an idle worker small; under load the little there is is collected often and cheaply.
	collectAt = 40
	// softLimit is what the program tries to stay below while output streams through.
	softLimit = 96 << 20
)

// limitMemory tunes the runtime for a program that is mostly idle; GOGC and GOMEMLIMIT have the last word.
func limitMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
}
