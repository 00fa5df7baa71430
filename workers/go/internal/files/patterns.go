package files

import (
	"strings"
	"unicode/utf8"
)

// matchesPattern matches one name with a pattern of "*", "?" and "[…]" or "[!…]". A bracket that isn't closed is an ordinary
// character.
func matchesPattern(pattern, name string) bool {
	// After a mismatch the last "*" takes one byte more. The "*" before it never has to be tried again.
	starRest, starName := "", ""
	hasStar := false
	for pattern != "" || name != "" {
		if strings.HasPrefix(pattern, "*") {
			pattern = pattern[1:]
			starRest, starName, hasStar = pattern, name, true
			continue
		}
		if width, size := matchOne(pattern, name); width > 0 {
			pattern, name = pattern[width:], name[size:]
			continue
		}
		if !hasStar || starName == "" {
			return false
		}
		starName = starName[1:]
		pattern, name = starRest, starName
	}
	return true
}

// matchOne matches the first character of name with the beginning of pattern, and returns the lengths of both; 0 without a match.
func matchOne(pattern, name string) (width, size int) {
	if pattern == "" || name == "" {
		return 0, 0
	}
	char, size := utf8.DecodeRuneInString(name)
	if pattern[0] == '?' {
		return 1, size
	}
	if end := classEnd(pattern); end > 0 {
		if !inClass(pattern[1:end], char) {
			return 0, 0
		}
		return end + 1, size
	}
	if pattern[0] != name[0] {
		return 0, 0
	}
	return 1, 1
}

// classEnd is the index of the bracket that closes the class with which pattern begins; 0 if there is none. A "]" at the beginning
// of the class belongs to it.
func classEnd(pattern string) int {
	if pattern[0] != '[' {
		return 0
	}
	begin := 1
	if strings.HasPrefix(pattern[1:], "!") {
		begin++
	}
	begin++
	if begin > len(pattern) {
		return 0
	}
	if end := strings.IndexByte(pattern[begin:], ']'); end >= 0 {
		return begin + end
	}
	return 0
}

// inClass reports whether the class between brackets has a character.
func inClass(class string, char rune) bool {
	class, isNegated := strings.CutPrefix(class, "!")
	members := []rune(class)
	for i := 0; i < len(members); i++ {
		low, high := members[i], members[i]
		if i+2 < len(members) && members[i+1] == '-' {
			high = members[i+2]
			i += 2
		}
		if low <= char && char <= high {
			return !isNegated
		}
	}
	return isNegated
}
