package transport

import (
	"errors"
	"testing"
)

// Without TLS the worker connects only to its own machine.
func TestPlainConnectionsStayOnThisMachine(t *testing.T) {
	for address, isAllowed := range map[string]bool{
		"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "127.9.9.9:1": true, "unix:/run/s": true,
		"10.0.0.1:1": false, "example.com:1": false, "localhost.example.com:1": false, "127.0.0.1": false, "": false, "unix:s": false,
	} {
		err := Security{}.Check(address, Credentials{})
		if isAllowed != (err == nil) {
			t.Errorf("%q: %v", address, err)
		}
		if err != nil && !errors.Is(err, ErrPlaintext) {
			t.Errorf("%q: %v isn't ErrPlain", address, err)
		}
		if err := (Security{TLS: true}).Check(address, Credentials{}); err != nil {
			t.Errorf("%q with TLS: %v", address, err)
		}
		if err := (Security{}).Check(address, Credentials{TrustedCAPEM: []byte("issuer")}); err != nil {
			t.Errorf("%q with an issuer that the credential names: %v", address, err)
		}
	}
}
