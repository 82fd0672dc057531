package sql

import (
	"reflect"
	"testing"
)

func TestParseScript(t *testing.T) {
	got := parseScript("-- a comment\nSELECT 1;\n\nSELECT\n -- kept\n 2;\nSELECT 'open;\ncopy t from stdin;\n1\ta\n\\.\nBEGIN; COMMIT;\n-- session b\nSELECT 3;\nlast")
	want := []statement{
		{text: "SELECT 1;"}, {text: "SELECT\n -- kept\n 2;"}, {text: "SELECT 'open;"},
		{text: "copy t from stdin;", copy: "1\ta\n"}, {text: "BEGIN; COMMIT;"},
		{text: "SELECT 3;", session: "b"}, {text: "last", session: "b"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v", got)
	}
}

func TestTypeNames(t *testing.T) {
	var names typeNames
	for _, c := range []struct {
		oid      uint32
		modifier int32
		want     string
	}{
		{23, -1, "integer"}, {1042, 9, "character(5)"}, {1043, -1, "character varying"}, {1015, 14, "character varying(10)[]"},
		{1700, 655366, "numeric(10,2)"}, {1700, 133122, "numeric(2,-2)"}, {1114, 3, "timestamp(3) without time zone"},
		{1186, 0x7fff<<16 | 3, "interval(3)"}, {1186, (1<<2|1<<1)<<16 | 0xffff, "interval year to month"}, {1231, -1, "numeric[]"},
	} {
		if got := names.name(t.Context(), c.oid, c.modifier); got != c.want {
			t.Errorf("%d with modifier %d: got %q, want %q", c.oid, c.modifier, got, c.want)
		}
	}
}
