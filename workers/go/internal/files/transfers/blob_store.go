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
//
// A transfer that fails has the next one open another connection, but closes none that others are using: their calls would be
// cancelled, and close the next one.
type BlobStore struct {
	open        func(transport.Credentials) (*grpc.ClientConn, error)
	credentials func() transport.Credentials

	mu      sync.Mutex
	current *sharedConnection
}

// sharedConnection is used by transfers of many runs at the same time, and closed when the last of them has left it.
type sharedConnection struct {
	connection *grpc.ClientConn
	users      int
	isBroken   bool
}

// NewBlobStore makes a store that open connects to. credentials are asked for at each call, since they are renewed.
func NewBlobStore(
	open func(transport.Credentials) (*grpc.ClientConn, error), credentials func() transport.Credentials,
) *BlobStore {
	return &BlobStore{open: open, credentials: credentials}
}

// Close closes the connection as soon as nobody uses it.
func (s *BlobStore) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.giveUp(s.current)
	}
}

// withConnection calls transfer with the service on the connection that is open, or on a new one, which stays open meanwhile. After
// an error that may be the connection's the next call opens another.
func (s *BlobStore) withConnection(transfer func(pb.BlobsClient) error) error {
	shared, err := s.acquire()
	if err != nil {
		return err
	}
	err = transfer(pb.NewBlobsClient(shared.connection))
	s.mu.Lock()
	defer s.mu.Unlock()
	shared.users--
	if isTransient(err) {
		s.giveUp(shared)
	} else {
		s.closeIfUnused(shared)
	}
	return err
}

func (s *BlobStore) acquire() (*sharedConnection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		connection, err := s.open(s.credentials())
		if err != nil {
			return nil, err
		}
		s.current = &sharedConnection{connection: connection}
	}
	s.current.users++
	return s.current, nil
}

// giveUp has whoever comes next open another connection. The caller holds mu.
func (s *BlobStore) giveUp(shared *sharedConnection) {
	shared.isBroken = true
	if s.current == shared {
		s.current = nil
	}
	s.closeIfUnused(shared)
}

func (s *BlobStore) closeIfUnused(shared *sharedConnection) {
	if shared.isBroken && shared.users == 0 {
		shared.connection.Close()
	}
}

// isTransient reports whether the server is away or the connection broke: what was transferred is kept, and the rest follows.
func isTransient(err error) bool {
	var remote interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &remote) {
		return false
	}
	switch remote.GRPCStatus().Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return true
	}
	return false
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
func (s *BlobStore) withRetries(
	ctx context.Context, path []byte, transfer func(context.Context, pb.BlobsClient) error,
) error {
	var wait backoff.Backoff
	for {
		err := s.withConnection(func(client pb.BlobsClient) error { return transfer(ctx, client) })
		var remote interface{ GRPCStatus() *status.Status }
		if err == nil || ctx.Err() != nil || !errors.As(err, &remote) {
			return errors.Join(ctx.Err(), err)
		}
		if !isTransient(err) {
			code, answer := pb.FileErrorCode_FILE_ERROR_CODE_BLOB, remote.GRPCStatus()
			if answer.Code() == codes.ResourceExhausted {
				code = pb.FileErrorCode_FILE_ERROR_CODE_OVER_QUOTA
			}
			return newTransferError(code, path, "%s: %s", answer.Code(), answer.Message())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait.Next()):
		}
	}
}
