package credential

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/transport"
	pb "buildledger/workers/go/internal/workerv1"
)

const callTimeout = 30 * time.Second

// permanentCodes are answers after which trying again with the same token can't succeed.
var permanentCodes = []codes.Code{
	codes.Unauthenticated, codes.PermissionDenied, codes.AlreadyExists, codes.InvalidArgument, codes.Unimplemented,
}

// ErrRefused is returned when the server doesn't take the token or the name. Only a person can put that right.
var ErrRefused = errors.New("the server refused to enrol this worker")

// Enroller gets credentials from the server, and stores them.
type Enroller struct {
	// Address is the server's. EnrollAt is where to enroll, if not there: a server may let nobody in without a certificate.
	Address, EnrollAt string
	Security          transport.Security
	// StateDir is where the credential is stored.
	StateDir string
	// Name and Software are what the worker calls itself.
	Name, Software string
}

// Enroll exchanges the token for a credential, and stores that. After an error that isn't ErrRefused, trying again may succeed.
func (e Enroller) Enroll(ctx context.Context, token string) (*Stored, error) {
	key, csr, err := newKey(e.Name)
	if err != nil {
		return nil, err
	}
	request := &pb.EnrollRequest{
		Token: secretPart(token), Name: e.Name, CsrDer: csr, Os: hostinfo.OS(), Arch: hostinfo.Architecture(),
		Software: e.Software,
	}
	var answer *pb.EnrollResponse
	err = e.call(ctx, cmp.Or(e.EnrollAt, e.Address), transport.Credentials{}, func(ctx context.Context, client pb.EnrollmentClient) (err error) {
		answer, err = client.Enroll(ctx, request)
		return err
	})
	if err != nil {
		if slices.Contains(permanentCodes, status.Code(err)) {
			return nil, fmt.Errorf("%w as %s: %s", ErrRefused, e.Name, status.Convert(err).Message())
		}
		return nil, fmt.Errorf("enrollment at %s: %w", e.Address, err)
	}
	stored := newStored(answer.GetCredential(), key)
	return stored, stored.save(e.StateDir)
}

// Rotate exchanges a credential for its successor, and stores that. After an error the old one remains valid.
func (e Enroller) Rotate(ctx context.Context, old *Stored) (*Stored, error) {
	key, csr, err := newKey(e.Name)
	if err != nil {
		return nil, err
	}
	var answer *pb.RotateResponse
	err = e.call(ctx, e.Address, old.Credentials(), func(ctx context.Context, client pb.EnrollmentClient) (err error) {
		answer, err = client.Rotate(ctx, &pb.RotateRequest{CsrDer: csr})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("renewing the credential: %w", err)
	}
	renewed := newStored(answer.GetCredential(), key)
	return renewed, renewed.save(e.StateDir)
}

// call makes one call on a connection of its own.
func (e Enroller) call(
	ctx context.Context, address string, credentials transport.Credentials, do func(context.Context, pb.EnrollmentClient) error,
) error {
	connection, err := e.Security.Open(address, credentials)
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, err = credentials.WithProof(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return e.Security.ExplainError(do(ctx, pb.NewEnrollmentClient(connection)), credentials)
}

// TrustedIssuer is the certificate (PEM) that an enrollment token names as the issuer of the server's; nil if it names none.
func TrustedIssuer(token string) ([]byte, error) {
	_, issuer, hasIssuer := strings.Cut(token, ".")
	if !hasIssuer {
		return nil, nil
	}
	der, err := base64.RawURLEncoding.DecodeString(issuer)
	if err == nil {
		_, err = x509.ParseCertificate(der)
	}
	if err != nil {
		return nil, fmt.Errorf("the enrollment token isn't whole, copy all of it: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// secretPart is the part of a token that the server checks.
func secretPart(token string) string {
	secret, _, _ := strings.Cut(token, ".")
	return secret
}

// newKey makes a private key, in PEM, and a certificate request for it, in DER.
func newKey(name string) (keyPEM, csr []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("making a private key: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the private key: %w", err)
	}
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}
	csr, err = x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return nil, nil, fmt.Errorf("making a certificate request: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), csr, nil
}
