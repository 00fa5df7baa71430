package files

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// ReplaceFile replaces a file atomically: fill writes the new one, which then gets the mode and the name. Mode 0 means 0644.
func ReplaceFile(root *os.Root, path string, mode uint32, fill func(*os.File) error) error {
	temporary := temporaryName(path)
	file, err := root.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = fill(file)
	if err == nil {
		err = setMode(file, mode)
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = root.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, removeEntry(root, temporary))
	}
	return nil
}

// ReplaceByLink replaces a file atomically by a link to target.
func ReplaceByLink(root *os.Root, path, target string) error {
	temporary := temporaryName(path)
	if err := root.Symlink(target, temporary); err != nil {
		return err
	}
	if err := root.Rename(temporary, path); err != nil {
		return errors.Join(err, removeEntry(root, temporary))
	}
	return nil
}

// temporaryName is a name in the directory of path, for a file that will be renamed to path.
func temporaryName(path string) string {
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".buildledger-%016x", rand.Uint64()))
}

// permissions are the bits that are taken from the server: neither set-uid nor set-gid.
const permissions = 0o777

// setMode sets a file's permissions to the protocol's bits; 0 means 0644.
func setMode(file *os.File, mode uint32) error {
	if mode &= permissions; mode == 0 {
		mode = defaultMode
	}
	return file.Chmod(fromProtocol(mode))
}

// specialBits are the permission bits that fs.FileMode has in other places than the protocol.
var specialBits = map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000}

func toProtocol(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	for special, bit := range specialBits {
		if mode&special != 0 {
			bits |= bit
		}
	}
	return bits
}

func fromProtocol(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	for special, bit := range specialBits {
		if bits&bit != 0 {
			mode |= special
		}
	}
	return mode
}
