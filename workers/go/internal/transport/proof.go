package transport

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/grpc/metadata"
)

const nonceBytes = 16

var errNoKey = errors.New("the stored credential has no usable private key: enrol the worker again with a fresh token")

// WithProof adds to the context of a call what proves who calls. It is good for one call.
func (i Credentials) WithProof(ctx context.Context) (context.Context, error) {
	if i.Bearer == "" {
		return ctx, nil
	}
	proof, err := i.newProof(time.Now())
	if err != nil {
		return ctx, fmt.Errorf("proving who calls: %w", err)
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+i.Bearer, "buildledger-proof", proof), nil
}

// newProof shows that we hold the key that the bearer credential is bound to.
func (i Credentials) newProof(now time.Time) (string, error) {
	block, _ := pem.Decode(i.PrivateKeyPEM)
	if block == nil {
		return "", errNoKey
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return "", errors.Join(errNoKey, err)
	}
	signer, isSigner := key.(crypto.Signer)
	if !isSigner {
		return "", errNoKey
	}
	nonce := make([]byte, nonceBytes)
	rand.Read(nonce) // Never fails.
	claim := strconv.FormatInt(now.Unix(), 10) + "." + base64.RawURLEncoding.EncodeToString(nonce)
	digest := sha256.Sum256(signedText(i.Bearer, now, nonce))
	signature, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	return claim + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func signedText(bearer string, now time.Time, nonce []byte) []byte {
	return fmt.Appendf(nil, "buildledger-proof-v1\n%s\n%d\n%s", bearer, now.Unix(), base64.RawURLEncoding.EncodeToString(nonce))
}
