package jsonb

import (
	"sort"
	"strconv"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Field is an object's value of a key; nil when there is none.
func (v *Value) Field(key string) *Value {
	if v.Kind != Object {
		return nil
	}
	i := sort.Search(len(v.Keys), func(i int) bool { return !keyLess(v.Keys[i], key) })
	if i < len(v.Keys) && v.Keys[i] == key {
		return &v.Items[i]
	}
	return nil
}

// Index is an array's element, counted from the end when negative; nil when there is none. A scalar counts as an array of itself, as for ->.
func (v *Value) Index(i int) *Value {
	switch {
	case v.Kind < Array && (i == 0 || i == -1):
		return v
	case v.Kind != Array:
		return nil
	}
	if i < 0 {
		i += len(v.Items)
	}
	if i < 0 || i >= len(v.Items) {
		return nil
	}
	return &v.Items[i]
}

// Path follows keys and subscripts, as #>; nil when it leads nowhere.
func (v *Value) Path(path []string) *Value {
	for _, p := range path {
		switch v.Kind {
		case Object:
			v = v.Field(p)
		case Array:
			i, ok := subscript(p)
			if !ok {
				return nil
			}
			v = v.Index(i)
		default:
			return nil
		}
		if v == nil {
			return nil
		}
	}
	return v
}

func subscript(s string) (int, bool) {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	i, err := strconv.ParseInt(s, 10, 32)
	return int(i), err == nil
}

func errSubscript(position int, s string) error {
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "path element at position %d is not an integer: \"%s\"", position, s)
}

// change is what a path operation does at its end.
type change uint8

const (
	replace    change = iota // jsonb_set without create
	upsert                   // jsonb_set
	insertAt                 // jsonb_insert
	insertNext               // jsonb_insert after
	remove                   // #-
)

func errScalar(verb string) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "cannot %s path in scalar", verb)
}

// Set is jsonb_set.
func Set(v *Value, path []string, value *Value, create bool) (*Value, error) {
	op := replace
	if create {
		op = upsert
	}
	if v.Kind < Array {
		return nil, errScalar("set")
	}
	if len(v.Items) == 0 && !create {
		return v, nil
	}
	return v.change(path, 0, value, op)
}

// Insert is jsonb_insert.
func Insert(v *Value, path []string, value *Value, after bool) (*Value, error) {
	if v.Kind < Array {
		return nil, errScalar("set")
	}
	op := insertAt
	if after {
		op = insertNext
	}
	return v.change(path, 0, value, op)
}

// DeletePath is v #- path.
func DeletePath(v *Value, path []string) (*Value, error) {
	if v.Kind < Array {
		return nil, errScalar("delete")
	}
	if len(v.Items) == 0 {
		return v, nil
	}
	return v.change(path, 0, nil, remove)
}

// change copies the nodes along the path and leaves the others shared.
func (v *Value) change(path []string, level int, value *Value, op change) (*Value, error) {
	if level == len(path) {
		return v, nil
	}
	last := level == len(path)-1
	switch v.Kind {
	case Object:
		return v.changeField(path, level, last, value, op)
	case Array:
		return v.changeElement(path, level, last, value, op)
	}
	return v, nil
}

func (v *Value) changeField(path []string, level int, last bool, value *Value, op change) (*Value, error) {
	key := path[level]
	i := sort.Search(len(v.Keys), func(i int) bool { return !keyLess(v.Keys[i], key) })
	found := i < len(v.Keys) && v.Keys[i] == key
	switch {
	case !found && (!last || op == replace || op == remove):
		return v, nil
	case !found:
		out := &Value{Kind: Object}
		out.Keys = append(append(append([]string(nil), v.Keys[:i]...), key), v.Keys[i:]...)
		out.Items = append(append(append([]Value(nil), v.Items[:i]...), *value), v.Items[i:]...)
		return out, nil
	case last && (op == insertAt || op == insertNext):
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
			WithHint("Try using the function jsonb_set to replace key value.")
	case last && op == remove:
		out := &Value{Kind: Object}
		out.Keys = append(append([]string(nil), v.Keys[:i]...), v.Keys[i+1:]...)
		out.Items = append(append([]Value(nil), v.Items[:i]...), v.Items[i+1:]...)
		return out, nil
	case last:
		return v.withItem(i, value), nil
	}
	item, err := v.Items[i].change(path, level+1, value, op)
	if err != nil {
		return nil, err
	}
	return v.withItem(i, item), nil
}

func (v *Value) withItem(i int, item *Value) *Value {
	out := *v
	out.Items = append([]Value(nil), v.Items...)
	out.Items[i] = *item
	return &out
}

func (v *Value) changeElement(path []string, level int, last bool, value *Value, op change) (*Value, error) {
	i, ok := subscript(path[level])
	if !ok {
		return nil, errSubscript(level+1, path[level])
	}
	n := len(v.Items)
	before := false // the subscript is in front of the first element
	if i < 0 {
		i += n
		before = i < 0
	}
	found := i >= 0 && i < n
	insert := func(at int) *Value {
		out := &Value{Kind: Array}
		out.Items = append(append(append([]Value(nil), v.Items[:at]...), *value), v.Items[at:]...)
		return out
	}
	switch {
	case !found && (!last || op == replace || op == remove):
		return v, nil
	case !found && before:
		return insert(0), nil
	case !found:
		return insert(n), nil
	case last && op == insertAt:
		return insert(i), nil
	case last && op == insertNext:
		return insert(i + 1), nil
	case last && op == remove:
		return v.without(i), nil
	case last:
		return v.withItem(i, value), nil
	}
	item, err := v.Items[i].change(path, level+1, value, op)
	if err != nil {
		return nil, err
	}
	return v.withItem(i, item), nil
}

func (v *Value) without(i int) *Value {
	out := &Value{Kind: v.Kind}
	out.Items = append(append([]Value(nil), v.Items[:i]...), v.Items[i+1:]...)
	if v.Kind == Object {
		out.Keys = append(append([]string(nil), v.Keys[:i]...), v.Keys[i+1:]...)
	}
	return out
}

// DeleteKey is v - key: a key of an object, or all strings of an array that are equal to it.
func DeleteKey(v *Value, key string) (*Value, error) {
	if v.Kind < Array {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
	}
	for i := len(v.Items) - 1; i >= 0; i-- {
		if v.Kind == Object && v.Keys[i] == key || v.Kind == Array && v.Items[i].Kind == String && v.Items[i].Str == key {
			v = v.without(i)
		}
	}
	return v, nil
}

// DeleteIndex is v - i.
func DeleteIndex(v *Value, i int) (*Value, error) {
	switch {
	case v.Kind == Object:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from object using integer index")
	case v.Kind != Array:
		return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot delete from scalar")
	}
	if i < 0 {
		i += len(v.Items)
	}
	if i < 0 || i >= len(v.Items) {
		return v, nil
	}
	return v.without(i), nil
}
