package credential

import (
	"testing"
	"time"
)

// Several tries to renew fit into the time that is left, and none comes sooner than a quarter of a second.
func TestRenewalIsRetriedInTime(t *testing.T) {
	now := time.Now()
	for left, want := range map[time.Duration]time.Duration{
		time.Hour: maxRenewalRetry, 80 * time.Second: 10 * time.Second, time.Second: minRenewalRetry, -time.Hour: minRenewalRetry,
	} {
		if got := renewalRetry(&Stored{NotAfter: new(now.Add(left))}, now); got != want {
			t.Errorf("%v left: %v", left, got)
		}
	}
	if got := renewalRetry(&Stored{}, now); got != maxRenewalRetry {
		t.Errorf("without an end: %v", got)
	}
}

// A credential is stored whole, readable by nobody else, and expires at its end.
func TestCredentialIsStored(t *testing.T) {
	directory, end := t.TempDir(), time.Now().Round(time.Second)
	if stored, err := Load(directory); stored != nil || err != nil {
		t.Errorf("%v, %v", stored, err)
	}
	if err := (&Stored{WorkerID: "w", Bearer: "b", PrivateKeyPEM: []byte("k"), NotAfter: &end}).save(directory); err != nil {
		t.Fatal(err)
	}
	stored, err := Load(directory)
	if err != nil || stored.WorkerID != "w" || stored.Credentials().Bearer != "b" || string(stored.Credentials().PrivateKeyPEM) != "k" {
		t.Fatalf("%+v, %v", stored, err)
	}
	if stored.HasExpired(end.Add(-time.Second)) || !stored.HasExpired(end) || (*Stored)(nil).HasExpired(end) {
		t.Error("it expires at another time than its end")
	}
}
