package jsonb

import "github.com/kalampg/kalampg/internal/pgerr"

// Assign is the assignment j[path] = value: what is missing on the way is made, an array for a number and an object for anything else, and arrays are filled
// with nulls up to the place. v is nil where there is nothing yet.
func Assign(v *Value, path []string, value *Value) (*Value, error) { return assign(v, path, 0, value) }

func assign(v *Value, path []string, level int, value *Value) (*Value, error) {
	if level == len(path) {
		return value, nil
	}
	if v == nil {
		v = &Value{Kind: Object}
		if _, number := subscript(path[level]); number {
			v.Kind = Array
		}
	}
	switch v.Kind {
	case Object:
		return assignField(v, path, level, value)
	case Array:
		return assignElement(v, path, level, value)
	}
	return nil, pgerr.New(pgerr.InvalidParameterValue, "cannot replace existing key").
		WithDetail("The path assumes key is a composite object, but it is a scalar value.")
}

func assignField(v *Value, path []string, level int, value *Value) (*Value, error) {
	item, err := assign(v.Field(path[level]), path, level+1, value)
	if err != nil {
		return nil, err
	}
	keys, items := make([]string, 0, len(v.Keys)+1), make([]Value, 0, len(v.Keys)+1)
	for i, k := range v.Keys {
		if k != path[level] {
			keys, items = append(keys, k), append(items, v.Items[i])
		}
	}
	out := NewObject(append(keys, path[level]), append(items, *item))
	return &out, nil
}

// maxGap bounds how many nulls an assignment beyond the end of an array makes.
const maxGap = 1 << 24

func assignElement(v *Value, path []string, level int, value *Value) (*Value, error) {
	i, number := subscript(path[level])
	if !number {
		return nil, errSubscript(level+1, path[level])
	}
	if i < 0 {
		if i += len(v.Items); i < 0 {
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "path element at position %d is out of range: %d", level+1, i-len(v.Items))
		}
	}
	if i-len(v.Items) > maxGap {
		return nil, pgerr.Newf(pgerr.ProgramLimitExceeded, "number of jsonb array elements exceeds the maximum allowed (%d)", maxGap)
	}
	var old *Value
	if i < len(v.Items) {
		old = &v.Items[i]
	}
	item, err := assign(old, path, level+1, value)
	if err != nil {
		return nil, err
	}
	out := &Value{Kind: Array, Items: make([]Value, max(len(v.Items), i+1))}
	copy(out.Items, v.Items)
	out.Items[i] = *item
	return out, nil
}
