package builtin

import (
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// jsonText is a json value's text, known to be JSON. Its parts are found without building a tree, as they were written.
type jsonText string

func jsonSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (j jsonText) skipSpace(i int) int {
	for i < len(j) && jsonSpace(j[i]) {
		i++
	}
	return i
}

// trim takes the white space off both ends.
func (j jsonText) trim() jsonText {
	i := j.skipSpace(0)
	end := len(j)
	for end > i && jsonSpace(j[end-1]) {
		end--
	}
	return j[i:end]
}

// kind is what json_typeof says.
func (j jsonText) kind() string {
	switch j[j.skipSpace(0)] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

func (j jsonText) isArray() bool  { return j.kind() == "array" }
func (j jsonText) isObject() bool { return j.kind() == "object" }
func (j jsonText) isNull() bool   { return j.kind() == "null" }

// end is the position after the value that begins at i.
func (j jsonText) end(i int) int {
	depth := 0
	for ; i < len(j); i++ {
		switch c := j[i]; c {
		case '"':
			for i++; j[i] != '"'; i++ {
				if j[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth == 0 && (c == ',' || c == ':' || jsonSpace(c)) {
				return i
			}
			if depth > 0 || i+1 < len(j) && !jsonEnd(j[i+1]) {
				continue
			}
		}
		if depth == 0 {
			return i + 1
		}
		if depth < 0 {
			return i
		}
	}
	return i
}

// jsonEnd tells the bytes that end a number or a word.
func jsonEnd(c byte) bool { return jsonSpace(c) || c == ',' || c == '}' || c == ']' || c == ':' }

// elements calls yield for every element of an array.
func (j jsonText) elements(yield func(jsonText) bool) {
	i := j.skipSpace(j.skipSpace(0) + 1)
	for i < len(j) && j[i] != ']' {
		end := j.end(i)
		if !yield(j[i:end]) {
			return
		}
		i = j.skipSpace(end)
		if i < len(j) && j[i] == ',' {
			i = j.skipSpace(i + 1)
		}
	}
}

// fields calls yield for every pair of an object, in order, equal keys as often as they are there.
func (j jsonText) fields(yield func(key string, value jsonText) bool) {
	i := j.skipSpace(j.skipSpace(0) + 1)
	for i < len(j) && j[i] != '}' {
		keyEnd := j.end(i)
		key, _ := j[i:keyEnd].text()
		i = j.skipSpace(keyEnd)
		i = j.skipSpace(i + 1) // the colon
		end := j.end(i)
		if !yield(key, j[i:end]) {
			return
		}
		i = j.skipSpace(end)
		if i < len(j) && j[i] == ',' {
			i = j.skipSpace(i + 1)
		}
	}
}

// text is the value as ->> gives it: a string unquoted, anything else as it is; null is false.
func (j jsonText) text() (string, bool) {
	j = j.trim()
	switch j[0] {
	case '"':
		if v, err := jsonb.Parse(string(j)); err == nil {
			return v.Str, true
		}
	case 'n':
		return "", false
	}
	return string(j), true
}

// field finds the last value of a key.
func (j jsonText) field(key string) (found jsonText, ok bool) {
	if !j.isObject() {
		return "", false
	}
	j.fields(func(k string, v jsonText) bool {
		if k == key {
			found, ok = v, true
		}
		return true
	})
	return found, ok
}

// index finds an element, counted from the end when negative.
func (j jsonText) index(n int64) (found jsonText, ok bool) {
	if !j.isArray() {
		return "", false
	}
	if n < 0 {
		n += int64(j.length())
	}
	j.elements(func(v jsonText) bool {
		if n == 0 {
			found, ok = v, true
		}
		n--
		return !ok
	})
	return found, ok
}

func (j jsonText) length() int {
	n := 0
	j.elements(func(jsonText) bool {
		n++
		return true
	})
	return n
}
