package desc

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// TestEncodeRoundTrip fills descriptors at random by reflection, so that a field which Encode forgets is found.
func TestEncodeRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		roundTrip(t, r, (*Database).Encode, DecodeDatabase)
		roundTrip(t, r, (*Role).Encode, DecodeRole)
		roundTrip(t, r, (*Schema).Encode, DecodeSchema)
		roundTrip(t, r, (*Relation).Encode, DecodeRelation)
		roundTrip(t, r, (*UserType).Encode, DecodeUserType)
		roundTrip(t, r, (*DefaultACL).Encode, DecodeDefaultACL)
		roundTrip(t, r, func(c *Comment) []byte { return c.Encode() }, func(b []byte) (*Comment, error) {
			c, err := DecodeComment(b)
			return &c, err
		})
	}
}

func roundTrip[T any](t *testing.T, r *rand.Rand, encode func(*T) []byte, decode func([]byte) (*T, error)) {
	t.Helper()
	want := new(T)
	fill(r, reflect.ValueOf(want).Elem())
	b := encode(want)
	got, err := decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("wrote %+v\nread %+v", want, got)
	}
	// A field of a later version is skipped.
	w := writer{b: b}
	w.uint(1000, 7)
	w.elem(1001, "later")
	if got, err = decode(w.b); err != nil || !reflect.DeepEqual(want, got) {
		t.Fatalf("unknown fields disturb: %v", err)
	}
	// Broken bytes are an error or another descriptor, never a crash.
	for range 20 {
		broken := append([]byte(nil), b...)
		broken[r.IntN(len(broken))] = byte(r.Uint32())
		decode(broken[:r.IntN(len(broken)+1)])
	}
}

func fill(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.UnixMicro(r.Int64N(1 << 52)).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	case reflect.Slice:
		if n := r.IntN(4); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fill(r, v.Index(i))
			}
		} else if v.Type() == reflect.TypeFor[ACL]() && r.IntN(2) == 0 {
			v.Set(reflect.ValueOf(ACL{})) // is not nil
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"a": "", "b": "x"}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.String:
		v.SetString([]string{"", "x", "a longer text", "Ünïcode"}[r.IntN(4)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Float32:
		v.SetFloat(float64(float32(r.NormFloat64())))
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16:
		v.SetInt(int64(r.Uint64()) >> r.IntN(64))
	default:
		v.SetUint(max(1, r.Uint64()>>r.IntN(64)))
		if v.Uint() == 0 {
			v.SetUint(1) // a list leaves no room for a zero OID
		}
	}
}

// TestClone changes a clone everywhere and looks whether the original shows it.
func TestClone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		cloned(t, r, (*Database).Clone)
		cloned(t, r, (*Role).Clone)
		cloned(t, r, (*Schema).Clone)
		cloned(t, r, (*Relation).Clone)
		cloned(t, r, (*UserType).Clone)
		cloned(t, r, (*DefaultACL).Clone)
	}
}

func cloned[T any](t *testing.T, r *rand.Rand, clone func(*T) *T) {
	t.Helper()
	a := new(T)
	fill(r, reflect.ValueOf(a).Elem())
	before := clone(a)
	if !reflect.DeepEqual(a, before) {
		t.Fatalf("a clone of %+v is %+v", a, before)
	}
	scratch(reflect.ValueOf(clone(a)).Elem())
	if !reflect.DeepEqual(a, before) {
		t.Fatalf("changing a clone changed the original: %+v", a)
	}
}

// scratch overwrites every element that v shares with whoever holds the same slices, maps and pointers.
func scratch(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			scratch(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			scratch(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			v.SetMapIndex(k, reflect.Value{})
		}
	case reflect.Pointer:
		if !v.IsNil() {
			scratch(v.Elem())
			v.Elem().SetZero()
		}
	}
}
