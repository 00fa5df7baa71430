// Package hostinfo has what a worker reports about the machine it runs on.
package hostinfo

import "runtime"

// architectures maps Go's names to those of the protocol, which are the kernel's.
var architectures = map[string]string{
	"386":   "i686",
	"amd64": "x86_64",
	"arm":   "armv7l",
	"arm64": "aarch64",
}

// OS is the operating system's name in lower case.
func OS() string { return runtime.GOOS }

// Architecture is the processor's architecture, as the kernel names it.
func Architecture() string {
	if name, known := architectures[runtime.GOARCH]; known {
		return name
	}
	return runtime.GOARCH
}
