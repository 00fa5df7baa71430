package masking

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// examples are what the workers in all languages are tested with. Bytes are written as characters from U+0000 to U+00FF.
type examples struct {
	Forms []struct {
		Secret string
		Forms  []string
	} `json:"forms"`
	Streams []struct {
		Title, Written, Shown string
		Secrets               []string
	}
}

func readExamples(t *testing.T) (read examples) {
	t.Helper()
	content, err := os.ReadFile("../../../../tests/golden/masking.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

func bytesOf(characters string) (bytes []byte) {
	for _, each := range characters {
		bytes = append(bytes, byte(each))
	}
	return bytes
}

// The forms of a secret are those that the workers in other languages make.
func TestFormsInAllLanguages(t *testing.T) {
	for _, example := range readExamples(t).Forms {
		var expected, found []string
		for _, form := range example.Forms {
			expected = append(expected, string(bytesOf(form)))
		}
		for _, form := range secretEncodings([][]byte{bytesOf(example.Secret)}) {
			found = append(found, string(form))
		}
		slices.Sort(found)
		if !slices.Equal(found, expected) {
			t.Errorf("of %q: %q instead of %q", example.Secret, found, expected)
		}
	}
}

// A stream is masked as the workers in other languages mask it, however it is divided into chunks.
func TestStreamsInAllLanguages(t *testing.T) {
	for _, example := range readExamples(t).Streams {
		var secrets []string
		for _, secret := range example.Secrets {
			secrets = append(secrets, string(bytesOf(secret)))
		}
		written, shown := string(bytesOf(example.Written)), string(bytesOf(example.Shown))
		for size := 1; size <= len(written); size++ {
			if got := maskedInPieces(secrets, written, size); got != shown {
				t.Errorf("%s, in pieces of %d: %q instead of %q", example.Title, size, got, shown)
				break
			}
		}
	}
}
