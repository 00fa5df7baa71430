package hostinfo

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// BootID identifies this boot of the machine; it is another one after a reboot.
func BootID() (string, error) {
	content, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("the boot can't be identified: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// Monotonic is the time since an instant that is the same for all processes of this boot.
func Monotonic() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// LoadAverage is the load average of the last minute; false if that isn't known.
func LoadAverage() (float64, bool) {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(content), " ")
	load, err := strconv.ParseFloat(first, 64)
	return load, err == nil
}

// FreeBytes is how much ordinary users can still write where directory lies; 0 if that isn't known.
func FreeBytes(directory string) uint64 {
	var status unix.Statfs_t
	if err := unix.Statfs(directory, &status); err != nil {
		return 0
	}
	return status.Bavail * uint64(status.Bsize)
}
