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

// writeSecretFiles writes the secrets that the command gets as files, and returns the variables with their paths.
func (s *supervisor) writeSecretFiles() (variables []string, err error) {
	directory := contract.SecretDirectory(s.directory, s.launch.Cookie)
	for number, secret := range s.launch.Secrets {
		if secret.FileEnv == "" {
			continue
		}
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return nil, fmt.Errorf("making the directory of secret files: %w", err)
		}
		path := filepath.Join(directory, fmt.Sprint(number))
		if err := os.WriteFile(path, secret.Value, 0o600); err != nil {
			return nil, fmt.Errorf("writing a secret file: %w", err)
		}
		variables = append(variables, secret.FileEnv+"="+path)
	}
	return variables, nil
}

// removeSecretFiles removes the secret files, if there are any.
func (s *supervisor) removeSecretFiles() {
	if !slices.ContainsFunc(s.launch.Secrets, func(secret contract.Secret) bool { return secret.FileEnv != "" }) {
		return
	}
	if err := durable.RemoveTree(contract.SecretDirectory(s.directory, s.launch.Cookie)); err != nil {
		slog.Error("secrets can't be removed", "error", err)
	}
}

// secretValues are the values that are masked in output.
func (s *supervisor) secretValues() (values [][]byte) {
	for _, secret := range s.launch.Secrets {
		values = append(values, secret.Value)
	}
	return values
}
