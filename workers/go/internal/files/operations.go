// Package files does the file operations of the protocol in a build directory. None of them can leave it, by name or by link.
package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"buildledger/workers/go/internal/files/paths"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// MaxContentBytes of a file fit into a message; more has to go through a blob.
	MaxContentBytes = 128 << 10
	defaultMode     = 0o644
)

// Perform does the operation of spec in dir. Its failure stands in the last result; the error is that of ctx, if ctx ended before
// the operation was done.
func Perform(ctx context.Context, dir paths.BuildDir, spec *pb.RunSpec) ([]*pb.FileResult, error) {
	var results []*pb.FileResult
	var err error
	switch operation := spec.GetOperation().(type) {
	case *pb.RunSpec_Remove:
		results, err = single(remove(ctx, dir, operation.Remove))
	default:
		results, err = performInside(ctx, dir, spec)
	}
	if err == nil {
		return results, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return []*pb.FileResult{{Error: ErrorOf(err, operandPath(spec))}}, nil
}

// performInside does an operation that needs the build directory. It creates that, unless the operation only reads.
func performInside(ctx context.Context, dir paths.BuildDir, spec *pb.RunSpec) ([]*pb.FileResult, error) {
	if !IsReadOnly(spec) {
		if err := dir.Create(); err != nil {
			return nil, err
		}
	}
	root, err := dir.OpenRoot()
	if errors.Is(err, fs.ErrNotExist) && IsReadOnly(spec) {
		return performWithoutDirectory(dir, spec)
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	switch operation := spec.GetOperation().(type) {
	case *pb.RunSpec_MakeDirectory:
		return single(makeDirectory(dir, root, operation.MakeDirectory))
	case *pb.RunSpec_Copy:
		return single(copyPath(ctx, dir, root, operation.Copy))
	case *pb.RunSpec_Stat:
		return single(stat(dir, root, operation.Stat))
	case *pb.RunSpec_Glob:
		return glob(ctx, root, operation.Glob)
	case *pb.RunSpec_WriteFile:
		return single(writeFile(dir, root, operation.WriteFile))
	case *pb.RunSpec_ReadFile:
		return single(readFile(dir, root, operation.ReadFile))
	}
	return nil, errors.New("this isn't a file operation")
}

// performWithoutDirectory does a reading operation for a build directory that doesn't exist.
func performWithoutDirectory(dir paths.BuildDir, spec *pb.RunSpec) ([]*pb.FileResult, error) {
	switch operation := spec.GetOperation().(type) {
	case *pb.RunSpec_Stat:
		_, err := dir.Resolve(operation.Stat.GetPath())
		return []*pb.FileResult{{}}, err
	case *pb.RunSpec_Glob:
		return []*pb.FileResult{{}}, checkPatterns(operation.Glob.GetPatterns())
	case *pb.RunSpec_ReadFile:
		if _, err := dir.ResolveLinks(operation.ReadFile.GetPath()); err != nil {
			return nil, err
		}
	}
	return nil, fs.ErrNotExist
}

// IsReadOnly reports whether an operation changes no files, so that it may be done twice.
func IsReadOnly(spec *pb.RunSpec) bool {
	switch spec.GetOperation().(type) {
	case *pb.RunSpec_Stat, *pb.RunSpec_Glob, *pb.RunSpec_ReadFile:
		return true
	}
	return false
}

// operandPath is the path that an error is reported for.
func operandPath(spec *pb.RunSpec) []byte {
	switch operation := spec.GetOperation().(type) {
	case *pb.RunSpec_MakeDirectory:
		return operation.MakeDirectory.GetPath()
	case *pb.RunSpec_Remove:
		return operation.Remove.GetPath()
	case *pb.RunSpec_Copy:
		return operation.Copy.GetSource()
	case *pb.RunSpec_Stat:
		return operation.Stat.GetPath()
	case *pb.RunSpec_WriteFile:
		return operation.WriteFile.GetPath()
	case *pb.RunSpec_ReadFile:
		return operation.ReadFile.GetPath()
	}
	return nil
}

// single is a list of one result.
func single(result *pb.FileResult, err error) ([]*pb.FileResult, error) {
	return []*pb.FileResult{result}, err
}

// makeDirectory does a MakeDirectory operation.
func makeDirectory(dir paths.BuildDir, root *os.Root, operation *pb.MakeDirectory) (*pb.FileResult, error) {
	path, err := dir.ResolveLinks(operation.GetPath())
	if err != nil {
		return nil, err
	}
	if info, err := root.Lstat(path); err == nil {
		if !info.IsDir() {
			return nil, &fs.PathError{Op: "mkdir", Path: path, Err: syscall.EEXIST}
		}
		return &pb.FileResult{}, nil
	}
	return &pb.FileResult{Changed: true}, root.MkdirAll(path, 0o777)
}

// stat does a Stat operation; what doesn't exist has no entry.
func stat(dir paths.BuildDir, root *os.Root, operation *pb.Stat) (*pb.FileResult, error) {
	path, err := dir.Resolve(operation.GetPath())
	if err != nil {
		return nil, err
	}
	entry, err := Describe(root, path, operation.GetSha256())
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return &pb.FileResult{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &pb.FileResult{Entries: []*pb.FileEntry{entry}}, nil
}

// writeFile does a WriteFile operation.
func writeFile(dir paths.BuildDir, root *os.Root, operation *pb.WriteFile) (*pb.FileResult, error) {
	if len(operation.GetContent()) > MaxContentBytes {
		return nil, &codedError{pb.FileErrorCode_FILE_ERROR_CODE_TOO_LARGE, "it has to go through a blob"}
	}
	path, err := dir.Resolve(operation.GetPath())
	if err != nil {
		return nil, err
	}
	if operation.GetMakeParents() {
		if err := root.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return nil, err
		}
	}
	return &pb.FileResult{Changed: true}, ReplaceFile(root, path, operation.GetMode(), func(file *os.File) error {
		_, err := file.Write(operation.GetContent())
		return err
	})
}

// readFile does a ReadFile operation.
func readFile(dir paths.BuildDir, root *os.Root, operation *pb.ReadFile) (*pb.FileResult, error) {
	path, err := dir.ResolveLinks(operation.GetPath())
	if err != nil {
		return nil, err
	}
	// Without O_NONBLOCK a named pipe would keep the run waiting for a writer.
	file, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &codedError{pb.FileErrorCode_FILE_ERROR_CODE_IS_A_DIRECTORY, "not a regular file"}
	}
	limit := int64(min(operation.GetLimit(), MaxContentBytes))
	if limit == 0 {
		limit = MaxContentBytes
	}
	offset := int64(min(operation.GetOffset(), uint64(info.Size())))
	content := make([]byte, min(limit, info.Size()-offset))
	read, err := file.ReadAt(content, offset)
	if err != nil && read < len(content) && !isEOF(err) {
		return nil, err
	}
	return &pb.FileResult{Content: content[:read], Truncated: info.Size() > offset+limit}, nil
}
