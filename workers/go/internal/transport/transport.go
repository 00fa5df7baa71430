// Package transport opens gRPC channels to the server: over TLS, or plain to this machine only.
package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

const (
	// MessageBytes is the largest message that is accepted.
	MessageBytes = 1 << 20

	keepaliveTime    = 20 * time.Second
	keepaliveTimeout = 10 * time.Second
	connectTimeout   = 10 * time.Second
	// Large enough for 200 MB/s, small enough for a worker that is mostly idle.
	bufferBytes = 32 << 10
)

// Security says how the connection is protected.
type Security struct {
	// CAFile is a PEM file of the issuers that the server's certificate may come from; it turns TLS on.
	CAFile string
	// TLS asks for TLS with the issuers that the system trusts, when there is no CAFile.
	TLS bool
	// TrustedPEM are issuers that the enrollment token names. They turn TLS on when there is neither CAFile nor TLS, as do
	// those of an Identity.
	TrustedPEM []byte
}

// Credentials is what a client proves itself with; the zero value proves nothing.
type Credentials struct {
	Bearer              string
	PrivateKeyPEM       []byte
	CertificateChainPEM []byte
	// TrustedCAPEM adds to the issuers of CAFile, or stands for them.
	TrustedCAPEM []byte
}

// ErrPlaintext is returned for a plain connection that would leave this machine.
var ErrPlaintext = errors.New("refusing to connect without TLS: credentials and secrets would cross the network in clear; " +
	"enroll with a token that says whom to trust, give the server's issuing certificate with --ca, use --tls, or connect to " +
	"127.0.0.1")

// Check makes sure that nothing would cross a network in clear.
func (s Security) Check(address string, identity Credentials) error {
	if !s.usesTLS(identity) && !isLoopback(address) {
		return fmt.Errorf("%s: %w", address, ErrPlaintext)
	}
	return nil
}

// CheckCAFile makes sure that CAFile, if there is one, can be used.
func (s Security) CheckCAFile() error {
	if s.CAFile == "" {
		return nil
	}
	return appendFile(x509.NewCertPool(), s.CAFile)
}

func appendFile(pool *x509.CertPool, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the issuers of the server's certificate: %w", err)
	}
	if !pool.AppendCertsFromPEM(content) {
		return fmt.Errorf("%s holds no PEM certificate", file)
	}
	return nil
}

// ExplainError adds to an error what to try when a connection in clear was answered and then cut, as servers that speak TLS do.
func (s Security) ExplainError(err error, identity Credentials) error {
	if err == nil || s.usesTLS(identity) || !strings.Contains(err.Error(), "error reading server preface") {
		return err
	}
	return fmt.Errorf("%w (in clear: if the server speaks TLS, give the whole token, or --ca, or --tls)", err)
}

func (s Security) usesTLS(identity Credentials) bool {
	return s.CAFile != "" || s.TLS || len(s.TrustedPEM) > 0 || len(identity.TrustedCAPEM) > 0
}

// Open makes a fresh channel to address, host:port or unix:/path, which connects on first use.
func (s Security) Open(address string, identity Credentials) (*grpc.ClientConn, error) {
	if err := s.Check(address, identity); err != nil {
		return nil, err
	}
	secured, err := s.credentials(identity)
	if err != nil {
		return nil, err
	}
	target := "passthrough:///" + address
	if IsSocket(address) {
		target = address
	}
	connection, err := grpc.NewClient(
		target,
		grpc.WithTransportCredentials(secured),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: keepaliveTime, Timeout: keepaliveTimeout, PermitWithoutStream: true,
		}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: connectTimeout}),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(MessageBytes), grpc.MaxCallSendMsgSize(MessageBytes),
		),
		grpc.WithReadBufferSize(bufferBytes),
		grpc.WithWriteBufferSize(bufferBytes),
		grpc.WithSharedWriteBuffer(true),
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
	)
	if err != nil {
		return nil, fmt.Errorf("the address %q can't be used: %w", address, err)
	}
	return connection, nil
}

func (s Security) credentials(identity Credentials) (credentials.TransportCredentials, error) {
	if !s.usesTLS(identity) {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CAFile != "" || !s.TLS {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(s.TrustedPEM)
		config.RootCAs.AppendCertsFromPEM(identity.TrustedCAPEM)
	}
	if s.CAFile != "" {
		if err := appendFile(config.RootCAs, s.CAFile); err != nil {
			return nil, err
		}
	}
	if len(identity.CertificateChainPEM) > 0 {
		certificate, err := tls.X509KeyPair(identity.CertificateChainPEM, identity.PrivateKeyPEM)
		if err != nil {
			return nil, fmt.Errorf("the worker's own certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return credentials.NewTLS(config), nil
}

// IsSocket tells whether an address is unix:PATH, a socket of this machine with an absolute path.
func IsSocket(address string) bool {
	return strings.HasPrefix(address, "unix:/")
}

// isLoopback tells whether an address can only mean this machine.
func isLoopback(address string) bool {
	if IsSocket(address) {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
