package hostinfo

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// BootID names this boot of the machine; it differs after a reboot.
func BootID() (string, error) {
	content, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("the boot can't be told from others: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// Monotonic is the time since an instant that is the same for the whole boot, not only for this process.
func Monotonic() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}

// LoadAverage is the load of the last minute; false where the system doesn't tell.
func LoadAverage() (float64, bool) {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(content), " ")
	load, err := strconv.ParseFloat(first, 64)
	return load, err == nil
}

// FreeBytes is what ordinary users can still write where directory lies; 0 if that can't be told.
func FreeBytes(directory string) uint64 {
	var status unix.Statfs_t
	if err := unix.Statfs(directory, &status); err != nil {
		return 0
	}
	return status.Bavail * uint64(status.Bsize)
}
