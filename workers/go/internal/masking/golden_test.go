package masking

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// table is what the workers in all languages are tested with. Bytes are written as characters from U+0000 to U+00FF.
type table struct {
	Spellings []struct {
		Secret string
		Forms  []string
	}
	Streams []struct {
		Title, Written, Shown string
		Secrets               []string
	}
}

func readTable(t *testing.T) (examples table) {
	t.Helper()
	content, err := os.ReadFile("../../../../tests/golden/masking.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &examples); err != nil {
		t.Fatal(err)
	}
	return examples
}

func bytesOf(characters string) (bytes []byte) {
	for _, each := range characters {
		bytes = append(bytes, byte(each))
	}
	return bytes
}

// The forms of a secret are those that the workers in other languages make.
func TestFormsInAllLanguages(t *testing.T) {
	for _, example := range readTable(t).Spellings {
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

// What is shown of a stream is what the workers in other languages show of it, however it is cut.
func TestStreamsInAllLanguages(t *testing.T) {
	for _, example := range readTable(t).Streams {
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
