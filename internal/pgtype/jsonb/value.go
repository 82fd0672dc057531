package jsonb

import (
	"sort"
	"strings"

	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// Kind is what a value is; the order is jsonb's.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	String
	Number
	Bool
	Array
	Object
)

// String is the kind's name as jsonb_typeof gives it.
func (k Kind) String() string {
	return [...]string{"null", "string", "number", "boolean", "array", "object"}[k]
}

// Value is a node of a tree. Those who share one do not change it.
type Value struct {
	Kind  Kind
	Bool  bool
	Str   string
	Num   numeric.Num
	Items []Value  // elements, or the values of Keys
	Keys  []string // of an object, by length and then bytes
}

// NumberValue is a number; NaN and infinities are strings, as in to_jsonb.
func NumberValue(x numeric.Num) Value {
	if !x.IsFinite() {
		return Value{Kind: String, Str: x.String()}
	}
	return Value{Kind: Number, Num: x}
}

func numberValue(s string) (Value, error) {
	x, err := numeric.Parse(s)
	return Value{Kind: Number, Num: x}, err
}

// NewObject makes an object of pairs; the last of equal keys stays.
func NewObject(keys []string, values []Value) Value {
	v := Value{Kind: Object, Keys: append([]string(nil), keys...), Items: append([]Value(nil), values...)}
	v.sortKeys()
	return v
}

func keyLess(a, b string) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// sortKeys brings an object's pairs into order and drops all but the last of equal keys.
func (v *Value) sortKeys() {
	sorted := true
	for i := 1; i < len(v.Keys) && sorted; i++ {
		sorted = keyLess(v.Keys[i-1], v.Keys[i])
	}
	if sorted {
		return
	}
	sort.Stable((*byKey)(v))
	n := 0
	for i := range v.Keys {
		if i+1 < len(v.Keys) && v.Keys[i] == v.Keys[i+1] {
			continue
		}
		v.Keys[n], v.Items[n] = v.Keys[i], v.Items[i]
		n++
	}
	v.Keys, v.Items = v.Keys[:n], v.Items[:n]
}

type byKey Value

func (v *byKey) Len() int           { return len(v.Keys) }
func (v *byKey) Less(i, j int) bool { return keyLess(v.Keys[i], v.Keys[j]) }
func (v *byKey) Swap(i, j int) {
	v.Keys[i], v.Keys[j] = v.Keys[j], v.Keys[i]
	v.Items[i], v.Items[j] = v.Items[j], v.Items[i]
}

// Append prints the canonical text.
func (v *Value) Append(dst []byte) []byte {
	switch v.Kind {
	case Null:
		return append(dst, "null"...)
	case Bool:
		if v.Bool {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case Number:
		return v.Num.Append(dst)
	case String:
		return AppendString(dst, v.Str)
	case Array:
		dst = append(dst, '[')
		for i := range v.Items {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = v.Items[i].Append(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i := range v.Items {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendString(dst, v.Keys[i])
		dst = append(dst, ": "...)
		dst = v.Items[i].Append(dst)
	}
	return append(dst, '}')
}

// String is the canonical text.
func (v *Value) String() string { return string(v.Append(nil)) }

// Pretty prints with a line per element, as jsonb_pretty.
func (v *Value) Pretty(dst []byte) []byte { return v.pretty(dst, 0) }

func (v *Value) pretty(dst []byte, depth int) []byte {
	if v.Kind < Array {
		return v.Append(dst)
	}
	indent := func(n int) {
		dst = append(dst, '\n')
		for ; n > 0; n-- {
			dst = append(dst, "    "...)
		}
	}
	brackets := "[]"
	if v.Kind == Object {
		brackets = "{}"
	}
	dst = append(dst, brackets[0])
	for i := range v.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		indent(depth + 1)
		if v.Kind == Object {
			dst = append(AppendString(dst, v.Keys[i]), ": "...)
		}
		dst = v.Items[i].pretty(dst, depth+1)
	}
	indent(depth)
	return append(dst, brackets[1])
}

// AppendString prints a JSON string with its quotes, escaping what must be.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if at := strings.IndexByte("\b\f\n\r\t\"\\", c); at >= 0 {
			dst = append(dst, '\\', `bfnrt"\`[at])
		} else {
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

// Text is the value as ->> gives it: a string without quotes; null is false.
func (v *Value) Text() (string, bool) {
	switch v.Kind {
	case Null:
		return "", false
	case String:
		return v.Str, true
	}
	return v.String(), true
}

// Compare orders as jsonb's btree operators: Object > Array > Boolean > Number > String > Null, more members first, with the one
// exception that an empty array at the top is below everything.
func Compare(a, b *Value) int {
	if ea, eb := a.emptyArray(), b.emptyArray(); ea != eb && !(a.Kind >= Array && b.Kind >= Array && a.Kind != b.Kind) {
		if ea {
			return -1
		}
		return 1
	}
	return compare(a, b)
}

func (v *Value) emptyArray() bool { return v.Kind == Array && len(v.Items) == 0 }

func compare(a, b *Value) int {
	if a.Kind != b.Kind {
		return sign(int(a.Kind) - int(b.Kind))
	}
	switch a.Kind {
	case String:
		return strings.Compare(a.Str, b.Str)
	case Number:
		return numeric.Cmp(a.Num, b.Num)
	case Bool:
		if a.Bool == b.Bool {
			return 0
		}
		if b.Bool {
			return -1
		}
		return 1
	}
	if n := len(a.Items) - len(b.Items); n != 0 {
		return sign(n)
	}
	for i := range a.Items {
		if a.Kind == Object {
			if r := strings.Compare(a.Keys[i], b.Keys[i]); r != 0 {
				return r
			}
		}
		if r := compare(&a.Items[i], &b.Items[i]); r != 0 {
			return r
		}
	}
	return 0
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	if n > 0 {
		return 1
	}
	return 0
}

// Contains tells whether a @> b: every member of b is in a, arrays without regard to order and number; an array contains a scalar that is one of its
// elements, at the top only.
func Contains(a, b *Value) bool {
	if a.Kind == Array && b.Kind < Array {
		return a.hasElement(b)
	}
	return contains(a, b)
}

func (v *Value) hasElement(b *Value) bool {
	for i := range v.Items {
		if compare(&v.Items[i], b) == 0 {
			return true
		}
	}
	return false
}

func contains(a, b *Value) bool {
	switch {
	case a.Kind != b.Kind:
		return false
	case a.Kind == Object:
		for i, k := range b.Keys {
			item := a.Field(k)
			if item == nil || !contains(item, &b.Items[i]) {
				return false
			}
		}
		return true
	case a.Kind == Array:
		for i := range b.Items {
			if !a.containsElement(&b.Items[i]) {
				return false
			}
		}
		return true
	}
	return compare(a, b) == 0
}

func (v *Value) containsElement(b *Value) bool {
	for i := range v.Items {
		if contains(&v.Items[i], b) {
			return true
		}
	}
	return false
}

// Exists tells whether a ? key: a key of an object, a string of an array, or a string itself.
func (v *Value) Exists(key string) bool {
	switch v.Kind {
	case Object:
		return v.Field(key) != nil
	case Array:
		return v.hasElement(&Value{Kind: String, Str: key})
	}
	return v.Kind == String && v.Str == key
}

// Concat is a || b: objects merge, anything else becomes one array.
func Concat(a, b *Value) *Value {
	if a.Kind == Object && b.Kind == Object {
		v := NewObject(append(append([]string(nil), a.Keys...), b.Keys...), append(append([]Value(nil), a.Items...), b.Items...))
		return &v
	}
	list := func(v *Value) []Value {
		if v.Kind == Array {
			return v.Items
		}
		return []Value{*v}
	}
	return &Value{Kind: Array, Items: append(append([]Value(nil), list(a)...), list(b)...)}
}

// StripNulls drops the fields of objects that are null, at every depth.
func StripNulls(v *Value) *Value {
	if v.Kind < Array {
		return v
	}
	out := Value{Kind: v.Kind}
	for i := range v.Items {
		if v.Kind == Object {
			if v.Items[i].Kind == Null {
				continue
			}
			out.Keys = append(out.Keys, v.Keys[i])
		}
		out.Items = append(out.Items, *StripNulls(&v.Items[i]))
	}
	return &out
}
