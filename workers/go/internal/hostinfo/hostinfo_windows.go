package hostinfo

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

const (
	bootKey = `SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters`
	// bootTimeTolerance: the wall clock may be set a little meanwhile. Times of boot that round to the same multiple are the same
	// boot.
	bootTimeTolerance = 10 * time.Second
)

// BootID identifies this boot of the machine; it is another one after a reboot.
//
// Windows counts its boots. Where that number is missing, the time of boot stands in for it.
func BootID() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("the boot can't be identified: %w", err)
	}
	if key, err := registry.OpenKey(registry.LOCAL_MACHINE, bootKey, registry.QUERY_VALUE); err == nil {
		defer key.Close()
		if number, _, err := key.GetIntegerValue("BootId"); err == nil {
			return fmt.Sprintf("%.40s-%d", host, number), nil
		}
	}
	booted := time.Now().Add(-Monotonic()).Round(bootTimeTolerance)
	return fmt.Sprintf("%.40s-at-%d", host, booted.Unix()), nil
}

// Monotonic is the time since an instant that is the same for all processes of this boot.
func Monotonic() time.Duration { return windows.DurationSinceBoot() }

// LoadAverage is always unknown: Windows has none.
func LoadAverage() (float64, bool) { return 0, false }

// FreeBytes is how much ordinary users can still write where directory lies; 0 if that isn't known.
func FreeBytes(directory string) uint64 {
	path, err := windows.UTF16PtrFromString(directory)
	if err != nil {
		return 0
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0
	}
	return free
}
