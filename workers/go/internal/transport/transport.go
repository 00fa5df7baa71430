// Package transport connects to the server by gRPC: with TLS, or without if the server is on this machine.
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
	// MaxMessageBytes is the size of the largest message.
	MaxMessageBytes = 1 << 20

	keepaliveTime    = 20 * time.Second
	keepaliveTimeout = 10 * time.Second
	connectTimeout   = 10 * time.Second
	// bufferBytes: large enough for 200 MB/s, small enough for a worker that is mostly idle.
	bufferBytes = 32 << 10
)

// Security says how the connection is protected.
type Security struct {
	// CAFile is a PEM file of the issuers that the server's certificate may come from; it turns TLS on.
	CAFile string
	// TLS asks for TLS with the issuers that the system trusts, when there is no CAFile.
	TLS bool
	// TrustedPEM are issuers that the enrollment token names. They turn TLS on when there is neither CAFile nor TLS, as do
	// those of Credentials.
	TrustedPEM []byte
}

// Credentials are what the server authenticates the worker by; the zero value is anonymous.
type Credentials struct {
	Bearer              string
	PrivateKeyPEM       []byte
	CertificateChainPEM []byte
	// TrustedCAPEM are issuers to trust beside those of Security.
	TrustedCAPEM []byte
}

// ErrPlaintext is returned for a connection without TLS to another machine.
var ErrPlaintext = errors.New("refusing to connect without TLS: credentials and secrets would cross the network in clear; " +
	"enroll with a token that says whom to trust, give the server's issuing certificate with --ca, use --tls, or connect to " +
	"127.0.0.1")

// Check refuses connections on which secrets would cross a network in clear; the error is ErrPlaintext.
func (s Security) Check(address string, credentials Credentials) error {
	if !s.usesTLS(credentials) && !isLoopback(address) {
		return fmt.Errorf("%s: %w", address, ErrPlaintext)
	}
	return nil
}

// CheckCAFile reads CAFile, if there is one, to find out whether it can be used.
func (s Security) CheckCAFile() error {
	if s.CAFile == "" {
		return nil
	}
	return appendFile(x509.NewCertPool(), s.CAFile)
}

// appendFile adds the certificates of a PEM file to a pool.
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

// ExplainError adds to an error what to try if a server that speaks TLS was spoken to without.
func (s Security) ExplainError(err error, credentials Credentials) error {
	if err == nil || s.usesTLS(credentials) || !strings.Contains(err.Error(), "error reading server preface") {
		return err
	}
	return fmt.Errorf("%w (in clear: if the server speaks TLS, give the whole token, or --ca, or --tls)", err)
}

// usesTLS reports whether anything turns TLS on.
func (s Security) usesTLS(credentials Credentials) bool {
	return s.CAFile != "" || s.TLS || len(s.TrustedPEM) > 0 || len(credentials.TrustedCAPEM) > 0
}

// Open makes a connection to address (host:port or unix:/path), which connects on first use.
func (s Security) Open(address string, credentials Credentials) (*grpc.ClientConn, error) {
	if err := s.Check(address, credentials); err != nil {
		return nil, err
	}
	secured, err := s.tlsCredentials(credentials)
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
			grpc.MaxCallRecvMsgSize(MaxMessageBytes), grpc.MaxCallSendMsgSize(MaxMessageBytes),
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

// tlsCredentials are gRPC's settings for TLS, or for a connection without.
func (s Security) tlsCredentials(own Credentials) (credentials.TransportCredentials, error) {
	if !s.usesTLS(own) {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CAFile != "" || !s.TLS {
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(s.TrustedPEM)
		config.RootCAs.AppendCertsFromPEM(own.TrustedCAPEM)
	}
	if s.CAFile != "" {
		if err := appendFile(config.RootCAs, s.CAFile); err != nil {
			return nil, err
		}
	}
	if len(own.CertificateChainPEM) > 0 {
		certificate, err := tls.X509KeyPair(own.CertificateChainPEM, own.PrivateKeyPEM)
		if err != nil {
			return nil, fmt.Errorf("the worker's own certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return credentials.NewTLS(config), nil
}

// IsSocket reports whether an address is unix:PATH, with an absolute path: a socket of this machine.
func IsSocket(address string) bool {
	return strings.HasPrefix(address, "unix:/")
}

// isLoopback reports whether an address is certainly one of this machine.
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
