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

// WithProof adds to the context of one call what the server authenticates the worker by: the bearer credential, and a proof that
// the worker has its key.
func (c Credentials) WithProof(ctx context.Context) (context.Context, error) {
	if c.Bearer == "" {
		return ctx, nil
	}
	proof, err := c.newProof(time.Now())
	if err != nil {
		return ctx, fmt.Errorf("proving who calls: %w", err)
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.Bearer, "buildledger-proof", proof), nil
}

// newProof signs the time and a nonce with the key that the bearer credential is bound to.
func (c Credentials) newProof(now time.Time) (string, error) {
	block, _ := pem.Decode(c.PrivateKeyPEM)
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
	digest := sha256.Sum256(signedText(c.Bearer, now, nonce))
	signature, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return "", err
	}
	return claim + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// signedText is what a proof signs.
func signedText(bearer string, now time.Time, nonce []byte) []byte {
	return fmt.Appendf(nil, "buildledger-proof-v1\n%s\n%d\n%s", bearer, now.Unix(), base64.RawURLEncoding.EncodeToString(nonce))
}
