// Package credential has what a worker proves its identity with: it enrolls the worker, stores the credential and renews it.
package credential

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/transport"
	pb "buildledger/workers/go/internal/workerv1"
)

const fileName = "credential.json"

// Stored is what the server issued, and the private key that stays here.
type Stored struct {
	WorkerID            string     `json:"worker_id"`
	Bearer              string     `json:"bearer"`
	PrivateKeyPEM       []byte     `json:"private_key_pem"`
	CertificateChainPEM []byte     `json:"certificate_chain_pem"`
	TrustedCAPEM        []byte     `json:"trusted_ca_pem"`
	NotAfter            *time.Time `json:"not_after,omitempty"`
	// RenewAt is when the credential should be renewed; nil means never.
	RenewAt *time.Time `json:"renew_at,omitempty"`
}

// HasExpired reports whether the credential has expired by now, by this machine's clock.
func (s *Stored) HasExpired(now time.Time) bool {
	return s != nil && s.NotAfter != nil && !now.Before(*s.NotAfter)
}

// Credentials are what a connection needs of it; empty for a worker without a credential.
func (s *Stored) Credentials() transport.Credentials {
	if s == nil {
		return transport.Credentials{}
	}
	return transport.Credentials{
		Bearer:              s.Bearer,
		PrivateKeyPEM:       s.PrivateKeyPEM,
		CertificateChainPEM: s.CertificateChainPEM,
		TrustedCAPEM:        s.TrustedCAPEM,
	}
}

// Load reads the stored credential; nil if the worker isn't enrolled.
func Load(stateDir string) (*Stored, error) {
	path := filepath.Join(stateDir, fileName)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the credential: %w", err)
	}
	stored := new(Stored)
	if err := json.Unmarshal(content, stored); err != nil {
		return nil, fmt.Errorf("%s is damaged: remove it and enrol the worker again with a fresh token: %w", path, err)
	}
	return stored, nil
}

// save replaces the stored credential atomically. When it returns, the file is durable and readable by nobody else.
func (s *Stored) save(stateDir string) error {
	content, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("storing the credential: %w", err)
	}
	if err := durable.ReplaceFile(filepath.Join(stateDir, fileName), content); err != nil {
		return fmt.Errorf("storing the credential: %w", err)
	}
	return nil
}

func newStored(issued *pb.Credential, keyPEM []byte) *Stored {
	stored := &Stored{
		WorkerID:            issued.GetWorkerId(),
		Bearer:              issued.GetBearer(),
		PrivateKeyPEM:       keyPEM,
		CertificateChainPEM: issued.GetCertificateChainPem(),
		TrustedCAPEM:        issued.GetTrustedCaPem(),
	}
	if issued.GetNotAfter() != nil {
		stored.NotAfter = new(issued.GetNotAfter().AsTime())
	}
	if issued.GetRenewAt() != nil {
		stored.RenewAt = new(issued.GetRenewAt().AsTime())
	}
	return stored
}
