package rocks

import (
	"reflect"
	"runtime/debug"
	"testing"

	"github.com/linxGnu/grocksdb"
)

// The helper reads the C pointer out of grocksdb's structs, where it is the first field. This holds for the pinned version; another one has
// to be looked at before it is taken.
func TestNativeHandles(t *testing.T) {
	for _, wrapper := range []any{grocksdb.DB{}, grocksdb.ColumnFamilyHandle{}} {
		typ := reflect.TypeOf(wrapper)
		if f := typ.Field(0); f.Name != "c" || f.Type.Kind() != reflect.Pointer || f.Offset != 0 {
			t.Errorf("%v: first field is %s %v, not the C pointer", typ, f.Name, f.Type)
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/linxGnu/grocksdb" && m.Version != "v1.7.14" {
				t.Errorf("grocksdb %s: look at its handles, then change this test", m.Version)
			}
		}
	}
	s := open(t, t.TempDir())
	for i, name := range familyNames {
		if s.e.familyID(i) != uint32(i) {
			t.Errorf("family %s has number %d through the helper", name, s.e.familyID(i))
		}
	}
	before := s.e.db.GetLatestSequenceNumber()
	if err := s.e.mark(FormatVersion, 1); err != nil || s.e.db.GetLatestSequenceNumber() != before+2 {
		t.Errorf("helper and grocksdb see different databases: %v", err)
	}
}
