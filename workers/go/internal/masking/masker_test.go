package masking

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// maskedInPieces feeds text in pieces of one size and returns it masked.
func maskedInPieces(secrets []string, text string, size int) string {
	var values [][]byte
	for _, secret := range secrets {
		values = append(values, []byte(secret))
	}
	m := New(values)
	if m == nil {
		return text
	}
	var shown bytes.Buffer
	for len(text) > 0 {
		piece := text[:min(size, len(text))]
		text = text[len(piece):]
		shown.Write(m.Feed([]byte(piece)))
	}
	shown.Write(m.Finish())
	return shown.String()
}

// A secret is masked wherever the borders of the chunks fall.
func TestSecretIsHiddenAcrossBorders(t *testing.T) {
	text := "before hunter22 between hunter2hunter22 after hunter2"
	for size := 1; size <= len(text); size++ {
		if got := maskedInPieces([]string{"hunter22"}, text, size); got != "before *** between hunter2*** after hunter2" {
			t.Fatalf("in pieces of %d: %q", size, got)
		}
	}
}

// Of two secrets that begin alike the longer one is masked whole.
func TestLongestFormWins(t *testing.T) {
	for size := 1; size < 12; size++ {
		if got := maskedInPieces([]string{"open", "opensesame"}, "opensesame opens", size); got != "*** ***s" {
			t.Fatalf("in pieces of %d: %q", size, got)
		}
	}
}

// Encoded forms are masked too, alone and inside a longer base64 text.
func TestEncodedFormsAreHidden(t *testing.T) {
	secret := "p@ss \"wörd\"\n<&>\U0001F511"
	asJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]string{
		"base64":     base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 url": base64.URLEncoding.EncodeToString([]byte(secret)),
		"path":       url.PathEscape(secret),
		"query":      url.QueryEscape(secret),
		"json":       strings.Trim(string(asJSON), `"`),
		"json ascii": `p@ss \"w\u00f6rd\"\n<&>\ud83d\udd11`,
		"raw":        secret,
	}
	for name, form := range forms {
		if got := maskedInPieces([]string{secret}, "["+form+"]", 5); strings.Contains(got, form) || !strings.Contains(got, mask) {
			t.Errorf("%s: %q is shown", name, got)
		}
	}
	for _, before := range []string{"", "x", "xy"} {
		text := base64.StdEncoding.EncodeToString([]byte(before + secret + "after"))
		if got := maskedInPieces([]string{secret}, text, 7); !strings.Contains(got, mask) {
			t.Errorf("behind %d bytes: %q is shown", len(before), got)
		}
	}
}

// Values too short to be masked leave the stream as it is.
func TestShortValuesAreIgnored(t *testing.T) {
	if New([][]byte{[]byte("abc"), nil}) != nil {
		t.Fatal("there is nothing to mask")
	}
}

// Nothing but secrets is changed, whatever the bytes.
func FuzzOnlySecretsChange(f *testing.F) {
	f.Add([]byte("the secret is secret!"), 3)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		if size < 1 || bytes.Contains(data, []byte(mask)) {
			return
		}
		got := maskedInPieces([]string{"secret"}, string(data), size)
		if strings.Contains(got, "secret") {
			t.Fatalf("%q shows it", got)
		}
		if want := strings.ReplaceAll(string(data), "secret", mask); !strings.Contains(string(data), "c2Vjc") && got != want {
			t.Fatalf("%q instead of %q", got, want)
		}
	})
}
