package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "buildledger/workers/go/internal/workerv1"
)

const copyBytes = 256 << 10

// Describe tells what there is at path, links not followed.
func Describe(root *os.Root, path string, withDigest bool) (*pb.FileEntry, error) {
	info, err := root.Lstat(path)
	if err != nil {
		return nil, err
	}
	entry := &pb.FileEntry{
		Path:       []byte(filepath.ToSlash(path)),
		Mode:       toProtocol(info.Mode()),
		ModifiedAt: timestamppb.New(info.ModTime()),
	}
	switch {
	case info.Mode().IsRegular():
		entry.Type = pb.FileType_FILE_TYPE_REGULAR
		entry.Size = uint64(info.Size())
		if withDigest {
			entry.Sha256, err = Digest(context.Background(), root, path)
		}
	case info.IsDir():
		entry.Type = pb.FileType_FILE_TYPE_DIRECTORY
	case info.Mode()&fs.ModeSymlink != 0:
		entry.Type = pb.FileType_FILE_TYPE_SYMLINK
		var target string
		target, err = root.Readlink(path)
		entry.LinkTarget = []byte(target)
	default:
		entry.Type = pb.FileType_FILE_TYPE_OTHER
	}
	return entry, err
}

// Digest is the SHA-256 of a file's content.
func Digest(ctx context.Context, root *os.Root, path string) ([]byte, error) {
	file, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.CopyBuffer(onlyWriter{digest}, contextReader{ctx, file}, make([]byte, copyBytes)); err != nil {
		return nil, err
	}
	return digest.Sum(nil), nil
}

// ReplaceFile has fill write a new file, then gives it its mode and its name in one step. Mode 0 means the usual one.
func ReplaceFile(root *os.Root, path string, mode uint32, fill func(*os.File) error) error {
	temporary := TemporaryName(path)
	file, err := root.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = fill(file)
	if err == nil {
		err = SetMode(file, mode)
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = root.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, removeEntry(root, temporary))
	}
	return nil
}

// ReplaceByLink makes a link beside path, then gives it its name in one step.
func ReplaceByLink(root *os.Root, path, pointsTo string) error {
	temporary := TemporaryName(path)
	if err := root.Symlink(pointsTo, temporary); err != nil {
		return err
	}
	if err := root.Rename(temporary, path); err != nil {
		return errors.Join(err, removeEntry(root, temporary))
	}
	return nil
}

// TemporaryName is a name beside path for what is to become path.
func TemporaryName(path string) string {
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".buildledger-%016x", rand.Uint64()))
}

// SetMode gives a file the protocol's permission bits; 0 means the usual ones.
func SetMode(file *os.File, mode uint32) error {
	if mode == 0 {
		mode = defaultMode
	}
	return file.Chmod(fromProtocol(mode))
}

// specialBits are the permission bits that Go keeps elsewhere.
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

// contextReader ends reading when its context does.
type contextReader struct {
	ctx    context.Context
	reader io.Reader
}

func (c contextReader) Read(buffer []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.reader.Read(buffer)
}

// onlyWriter hides other methods, so that a copy uses the buffer it is given.
type onlyWriter struct{ io.Writer }
