package pgtype

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

const namesFile = "testdata/names.tsv"

// modifierCases are modifiers that TypmodIn gets for every type that takes any.
var modifierCases = [][]int32{{0}, {1}, {-1}, {3}, {6}, {7}, {10, 2}, {10, -2}, {2, 1001}, {1001}, {1000, 1000}, {10485760}, {10485761}, {83886081}, {1, 2, 3},
	{4}, {2}, {8}, {1024}, {2048}, {4096}, {6144}, {7176}, {32767}, {32767, 3}, {32767, 9}, {32767, -1}, {4096, 2}, {5}}

// TestTypeNames holds the names and modifiers of all built-in types against recorded ones.
func TestTypeNames(t *testing.T) {
	if *record {
		recordNames(t)
	}
	b, err := os.ReadFile(namesFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		f := strings.Split(line, "\t")
		oid, _ := strconv.Atoi(f[1])
		typ := ByOID(OID(oid))
		if typ == nil {
			t.Errorf("no type %d", oid)
			continue
		}
		got := ""
		switch f[0] {
		case "plain":
			got = typ.String()
		case "typmod":
			m, _ := strconv.Atoi(f[2])
			got = FormatType(typ, int32(m))
		case "in":
			var mods []int32
			for _, m := range strings.Fields(strings.Trim(f[2], "{}")) {
				v, _ := strconv.Atoi(m)
				mods = append(mods, int32(v))
			}
			m, err := TypmodIn(typ, mods)
			got = strconv.Itoa(int(m))
			if err != nil {
				got = errLine(err)
			}
		}
		if want := f[3]; got != want {
			t.Errorf("%s %s %s: got %s, want %s", f[0], typ.Name, f[2], got, want)
		}
	}
}

func recordNames(t *testing.T) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv("KALAMPG_REFERENCE_DSN"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var out strings.Builder
	ask := func(kind string, oid OID, arg, sql string) {
		var got string
		if err := conn.QueryRow(ctx, sql).Scan(&got); err != nil {
			got = pgErrorLine(t, err)
		}
		fmt.Fprintf(&out, "%s\t%d\t%s\t%s\n", kind, oid, arg, got)
	}
	for _, typ := range All() {
		if typ.OID >= 10000 {
			continue
		}
		ask("plain", typ.OID, "", fmt.Sprintf("select format_type(%d, null)", typ.OID))
		ask("typmod", typ.OID, "-1", fmt.Sprintf("select format_type(%d, -1)", typ.OID))
		if !typ.HasTypmod() || typ.IsArray() {
			continue
		}
		if typ.OID != OIDInterval {
			for _, m := range []int{0, 3, 4, 5, 14, 655366} {
				ask("typmod", typ.OID, strconv.Itoa(m), fmt.Sprintf("select format_type(%d, %d)", typ.OID, m))
			}
		} else {
			for _, m := range []int{268435455 - 65536*1 + 1, 2147418115, 268500991, 402718719, 470286335, 134283263, 67174399} {
				if _, ok := intervalFields[int32(m>>16)]; ok {
					ask("typmod", typ.OID, strconv.Itoa(m), fmt.Sprintf("select format_type(%d, %d)", typ.OID, m))
				}
			}
		}
		for _, mods := range modifierCases {
			list := strings.Trim(strings.ReplaceAll(fmt.Sprint(mods), " ", ","), "[]")
			ask("in", typ.OID, "{"+strings.ReplaceAll(list, ",", " ")+"}", fmt.Sprintf("select %s('{%s}'::cstring[])::text", typ.Proc.ModifierIn, list))
		}
	}
	if err := os.WriteFile(namesFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
