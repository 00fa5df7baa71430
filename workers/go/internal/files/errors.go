package files

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"buildledger/workers/go/internal/files/paths"
	pb "buildledger/workers/go/internal/workerv1"
)

// codedError is a failure for which the operating system has no error of its own.
type codedError struct {
	code    pb.FileErrorCode
	message string
}

func (e *codedError) Error() string { return e.message }

// unreadableError says which directory can't be read, so that what matches a pattern isn't known.
type unreadableError struct {
	path  string
	cause error
}

func (e *unreadableError) Error() string { return e.cause.Error() }

func (e *unreadableError) Unwrap() error { return e.cause }

// ErrorOf is an error as the protocol has it; path is what the operation was asked to work on, unless the error names another.
func ErrorOf(err error, path []byte) *pb.FileError {
	var unreadable *unreadableError
	if errors.As(err, &unreadable) {
		path = []byte(filepath.ToSlash(unreadable.path))
	}
	return &pb.FileError{Code: codeOf(err), Path: path, Message: err.Error()}
}

func codeOf(err error) pb.FileErrorCode {
	var escapes *paths.EscapesError
	var coded *codedError
	var number syscall.Errno
	switch {
	case errors.As(err, &escapes):
		return pb.FileErrorCode_FILE_ERROR_CODE_PATH_ESCAPES
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &number) && slices.Contains(noSpace, number):
		return pb.FileErrorCode_FILE_ERROR_CODE_NO_SPACE
	case errors.Is(err, syscall.EISDIR):
		return pb.FileErrorCode_FILE_ERROR_CODE_IS_A_DIRECTORY
	case errors.Is(err, fs.ErrNotExist):
		return pb.FileErrorCode_FILE_ERROR_CODE_NOT_FOUND
	case errors.Is(err, syscall.ENOTDIR): // On Windows the same as not found.
		return pb.FileErrorCode_FILE_ERROR_CODE_NOT_A_DIRECTORY
	case errors.Is(err, fs.ErrExist):
		return pb.FileErrorCode_FILE_ERROR_CODE_EXISTS
	case errors.Is(err, fs.ErrPermission):
		return pb.FileErrorCode_FILE_ERROR_CODE_PERMISSION_DENIED
	}
	return pb.FileErrorCode_FILE_ERROR_CODE_IO
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }
