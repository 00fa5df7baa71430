// Package transfers moves files between build directories and the server's blob store, on a connection apart from the session's.
package transfers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"buildledger/workers/go/internal/files"
	"buildledger/workers/go/internal/transport"
	"buildledger/workers/go/internal/transport/backoff"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	chunkBytes  = 240 << 10
	callTimeout = 30 * time.Second
)

// BlobStore is the server's Blobs service. The connection is opened when it is first needed. It is safe for concurrent use.
type BlobStore struct {
	open        func(transport.Credentials) (*grpc.ClientConn, error)
	credentials func() transport.Credentials

	mu         sync.Mutex
	connection *grpc.ClientConn
}

// NewBlobStore makes a store that open connects to. credentials are asked for at each call, since they are renewed.
func NewBlobStore(
	open func(transport.Credentials) (*grpc.ClientConn, error), credentials func() transport.Credentials,
) *BlobStore {
	return &BlobStore{open: open, credentials: credentials}
}

// Close closes the connection; the next call opens another.
func (s *BlobStore) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connection != nil {
		s.connection.Close()
		s.connection = nil
	}
}

// client is the service on the connection that is open, or on a new one.
func (s *BlobStore) client() (pb.BlobsClient, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.connection == nil {
		connection, err := s.open(s.credentials())
		if err != nil {
			return nil, err
		}
		s.connection = connection
	}
	return pb.NewBlobsClient(s.connection), nil
}

// withProof adds to the context of one call what the server authenticates it by: the token of the run, if it has one, or else the
// worker's credential.
func (s *BlobStore) withProof(ctx context.Context, runToken string) (context.Context, error) {
	if runToken != "" {
		return metadata.AppendToOutgoingContext(ctx, "buildledger-run-token", runToken), nil
	}
	return s.credentials().WithProof(ctx)
}

// transferError says why a blob can't be moved; trying again wouldn't help.
type transferError struct{ failure *pb.FileError }

func (e *transferError) Error() string { return e.failure.GetMessage() }

func newTransferError(code pb.FileErrorCode, path []byte, format string, values ...any) error {
	return &transferError{&pb.FileError{Code: code, Path: path, Message: fmt.Sprintf(format, values...)}}
}

// fileError is an error as the protocol has it.
func fileError(err error, path []byte) *pb.FileError {
	var transfer *transferError
	if errors.As(err, &transfer) {
		return transfer.failure
	}
	return files.ErrorOf(err, path)
}

// withRetries tries a transfer until it succeeds, can't succeed, or ctx ends.
func (s *BlobStore) withRetries(ctx context.Context, path []byte, transfer func(context.Context) error) error {
	var wait backoff.Backoff
	for {
		err := transfer(ctx)
		var remote interface{ GRPCStatus() *status.Status }
		if err == nil || ctx.Err() != nil || !errors.As(err, &remote) {
			return errors.Join(ctx.Err(), err)
		}
		answer := remote.GRPCStatus()
		switch answer.Code() {
		// The server is away or the connection broke: what was transferred is kept, and the rest follows.
		case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		case codes.ResourceExhausted:
			return newTransferError(pb.FileErrorCode_FILE_ERROR_CODE_OVER_QUOTA, path, "%s: %s", answer.Code(), answer.Message())
		default:
			return newTransferError(pb.FileErrorCode_FILE_ERROR_CODE_BLOB, path, "%s: %s", answer.Code(), answer.Message())
		}
		s.Close()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait.Next()):
		}
	}
}
