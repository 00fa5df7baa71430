package supervisor

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/durable"
)

// writeSecretFiles writes the secrets that are wanted as files, and returns the variables that name them.
func (s *supervisor) writeSecretFiles() (variables []string, err error) {
	directory := contract.SecretDirectory(s.directory, s.launch.Cookie)
	for number, secret := range s.launch.Secrets {
		if secret.FileEnv == "" {
			continue
		}
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return nil, fmt.Errorf("a place for secrets: %w", err)
		}
		path := filepath.Join(directory, fmt.Sprint(number))
		if err := os.WriteFile(path, secret.Value, 0o600); err != nil {
			return nil, fmt.Errorf("a file for a secret: %w", err)
		}
		variables = append(variables, secret.FileEnv+"="+path)
	}
	return variables, nil
}

// removeSecretFiles removes the files; harmless if there are none.
func (s *supervisor) removeSecretFiles() {
	if !slices.ContainsFunc(s.launch.Secrets, func(secret contract.Secret) bool { return secret.FileEnv != "" }) {
		return
	}
	if err := durable.RemoveTree(contract.SecretDirectory(s.directory, s.launch.Cookie)); err != nil {
		slog.Error("secrets can't be removed", "error", err)
	}
}

// secretValues are what output must not show.
func (s *supervisor) secretValues() (values [][]byte) {
	for _, secret := range s.launch.Secrets {
		values = append(values, secret.Value)
	}
	return values
}
