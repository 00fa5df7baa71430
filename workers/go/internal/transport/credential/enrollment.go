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

// permanentCodes answers: trying again with the same token can't succeed.
var permanentCodes = []codes.Code{
	codes.Unauthenticated, codes.PermissionDenied, codes.AlreadyExists, codes.InvalidArgument, codes.Unimplemented,
}

// ErrRefused is returned when the server doesn't take the token or the name; a person must act.
var ErrRefused = errors.New("the server refused to enrol this worker")

// Enroller is where credentials come from, and how to reach it.
type Enroller struct {
	Address string
	// EnrollAt is where to enroll, if not at Address: there, perhaps, nobody gets in without a certificate.
	EnrollAt string
	Security transport.Security
	// StateDir is where the credential is kept.
	StateDir string
}

// Enroll uses up token and stores the credential it gives. An error that isn't ErrRefused may pass.
func (s Enroller) Enroll(ctx context.Context, name, token, software string) (*Stored, error) {
	key, csr, err := newKey(name)
	if err != nil {
		return nil, err
	}
	request := &pb.EnrollRequest{
		Token: secretPart(token), Name: name, CsrDer: csr, Os: hostinfo.OS(), Arch: hostinfo.Architecture(), Software: software,
	}
	var answer *pb.EnrollResponse
	err = s.call(ctx, cmp.Or(s.EnrollAt, s.Address), transport.Credentials{}, func(ctx context.Context, client pb.EnrollmentClient) (err error) {
		answer, err = client.Enroll(ctx, request)
		return err
	})
	if err != nil {
		if slices.Contains(permanentCodes, status.Code(err)) {
			return nil, fmt.Errorf("%w as %s: %s", ErrRefused, name, status.Convert(err).Message())
		}
		return nil, fmt.Errorf("enrollment at %s: %w", s.Address, err)
	}
	stored := newStored(answer.GetCredential(), key)
	return stored, stored.save(s.StateDir)
}

// Rotate replaces a credential by its successor and stores that. After an error the old one stands.
func (s Enroller) Rotate(ctx context.Context, old *Stored, name string) (*Stored, error) {
	key, csr, err := newKey(name)
	if err != nil {
		return nil, err
	}
	var answer *pb.RotateResponse
	err = s.call(ctx, s.Address, old.Credentials(), func(ctx context.Context, client pb.EnrollmentClient) (err error) {
		answer, err = client.Rotate(ctx, &pb.RotateRequest{CsrDer: csr})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("renewing the credential: %w", err)
	}
	renewed := newStored(answer.GetCredential(), key)
	return renewed, renewed.save(s.StateDir)
}

func (s Enroller) call(
	ctx context.Context, address string, identity transport.Credentials, do func(context.Context, pb.EnrollmentClient) error,
) error {
	connection, err := s.Security.Open(address, identity)
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, err = identity.WithProof(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.Security.ExplainError(do(ctx, pb.NewEnrollmentClient(connection)), identity)
}

// TrustedIssuer is the issuer that a token says is to be trusted, PEM; nothing if it says nothing.
func TrustedIssuer(token string) ([]byte, error) {
	_, issuer, saysWhom := strings.Cut(token, ".")
	if !saysWhom {
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
