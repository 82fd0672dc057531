package pgx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

func asPgError(err error) (*pgconn.PgError, bool) {
	var pgErr *pgconn.PgError
	ok := errors.As(err, &pgErr)
	return pgErr, ok
}

// typeLiterals holds, for every base type, literals that reach its corners.
var typeLiterals = []struct {
	name     string
	literals []string
}{
	{"bool", []string{"t", "f"}},
	{"int2", []string{"0", "1", "-1", "32767", "-32768"}},
	{"int4", []string{"0", "-1", "2147483647", "-2147483648"}},
	{"int8", []string{"0", "-1", "9223372036854775807", "-9223372036854775808"}},
	{"float4", []string{"0", "1.5", "-0.1", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity"}},
	{"float8", []string{"0", "1.5", "0.1", "-0", "1.7976931348623157e308", "5e-324", "NaN", "Infinity", "-Infinity"}},
	{"numeric", []string{"0", "1", "-1", "0.1", "10000", "9999.9999", "12345678901234567890.0987654321", "1e-20", "1e50",
		"0.00", "100.00", "-0.00001", "NaN", "Infinity", "-Infinity"}},
	{"numeric(10,3)", []string{"0", "1.5", "-9999999.999"}},
	{"text", []string{"", "abc", "é日本😀", "a\nb\\c'\"", strings.Repeat("x", 10000)}},
	{"varchar", []string{"", "abc"}},
	{"varchar(5)", []string{"abc"}},
	{"bpchar", []string{"", "abc "}},
	{"char(5)", []string{"abc", ""}},
	{"name", []string{"", "abc"}},
	{`"char"`, []string{"a", ""}},
	{"bytea", []string{`\x`, `\x00ff10`, `\x` + strings.Repeat("ab", 5000)}},
	{"date", []string{"2000-01-01", "1970-01-01", "2024-02-29", "0044-03-15 BC", "5874897-12-31", "infinity", "-infinity"}},
	{"time", []string{"00:00:00", "23:59:59.999999", "24:00:00", "12:34:56.5"}},
	{"timetz", []string{"10:11:12+00", "10:11:12.5-08:30", "24:00:00+15:59"}},
	{"timestamp", []string{"2000-01-01 00:00:00", "2024-02-29 10:11:12.345678", "1969-12-31 23:59:59", "0044-03-15 12:00:00 BC", "infinity", "-infinity"}},
	{"timestamptz", []string{"2000-01-01 00:00:00+00", "2024-02-29 10:11:12.345678+05:30", "infinity", "-infinity"}},
	{"interval", []string{"0", "1 year 2 months 3 days 04:05:06.789", "-1 mon +2 days -00:00:00.000001", "100 years", "-178000000 years"}},
	{"uuid", []string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
	{"json", []string{`{"a": [1,  2]}`, `null`, `"x"`}},
	{"jsonb", []string{`{"a":[1,2.50,"x",null,true,{}]}`, `null`, `[]`, `"é"`, `-1.5e10`}},
	{"oid", []string{"0", "1259", "4294967295"}},
	{"bit(5)", []string{"10101", "00000"}},
	{"varbit", []string{"", "1", "101010101"}},
}

// TestBinaryValuesOfEveryType asks the server for each literal in binary, lets pgx decode it, encode it again and send
// it back as a binary parameter. So the server's bytes are held against pgx's independent idea of the format.
func TestBinaryValuesOfEveryType(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "SET TimeZone = 'UTC'")
	for _, c := range typeLiterals {
		t.Run(c.name, func(t *testing.T) {
			for _, literal := range c.literals {
				binaryRoundTrip(t, conn, c.name, literal)
			}
		})
		t.Run(c.name+"[]", func(t *testing.T) {
			var quoted []string
			for _, literal := range c.literals {
				quoted = append(quoted, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(literal)+`"`)
			}
			array := c.name + "[]"
			binaryRoundTrip(t, conn, array, "{}")
			binaryRoundTrip(t, conn, array, "{"+strings.Join(quoted, ",")+",NULL}")
			binaryRoundTrip(t, conn, array, "[0:0][2:3]={{"+quoted[0]+",NULL}}")
		})
	}
}

func binaryRoundTrip(t *testing.T, conn *pgx.Conn, typeName, literal string) {
	t.Helper()
	ctx := limited(t)
	asked := conn.PgConn().ExecParams(ctx, "SELECT $1::text::"+typeName+", $1::text::"+typeName+"::text",
		[][]byte{[]byte(literal)}, nil, nil, []int16{1, 0}).Read()
	if asked.Err != nil {
		t.Errorf("%q: %v", short(literal), asked.Err)
		return
	}
	oid, sent, text := asked.FieldDescriptions[0].DataTypeOID, asked.Rows[0][0], asked.Rows[0][1]
	again, err := recode(conn.TypeMap(), oid, sent)
	if err != nil {
		t.Errorf("%q: pgx cannot decode % x: %v", short(literal), head(sent), err)
		return
	}
	if again != nil && !bytes.Equal(again, sent) {
		t.Errorf("%q: the server sends % x, pgx encodes it as % x", short(literal), head(sent), head(again))
	}
	back := conn.PgConn().ExecParams(ctx, "SELECT $1::"+typeName+"::text, $1::"+typeName,
		[][]byte{sent}, []uint32{oid}, []int16{1}, []int16{0, 1}).Read()
	if back.Err != nil {
		t.Errorf("%q as a binary parameter: %v", short(literal), back.Err)
		return
	}
	if !bytes.Equal(back.Rows[0][0], text) || !bytes.Equal(back.Rows[0][1], sent) {
		t.Errorf("%q came back as %q, in binary % x", short(literal), short(string(back.Rows[0][0])), head(back.Rows[0][1]))
	}
}

// respelled are the types whose values pgx does not encode exactly as it got them.
var respelled = map[string]bool{"json": true, "jsonb": true, "numeric": true, "bpchar": true, "char": true, "timetz": true}

// recode decodes and encodes a binary value with pgx. It returns nil when pgx has no lossless form for the type.
func recode(types *pgtype.Map, oid uint32, value []byte) ([]byte, error) {
	dt, ok := types.TypeForOID(oid)
	if !ok {
		return nil, nil // timetz: pgx has no type for it
	}
	if !dt.Codec.FormatSupported(pgtype.BinaryFormatCode) {
		return nil, nil
	}
	decoded, err := dt.Codec.DecodeValue(types, oid, pgtype.BinaryFormatCode, value)
	if err != nil {
		return nil, err
	}
	// Decoding without an error is the test where pgx keeps another spelling (key order, trailing zeros), forgets an
	// array's bounds, or has a value of its own for infinity.
	_, infinite := decoded.(pgtype.InfinityModifier)
	if infinite || respelled[dt.Name] || strings.HasPrefix(dt.Name, "_") {
		return nil, nil
	}
	return types.Encode(oid, pgtype.BinaryFormatCode, decoded, nil)
}

func short(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func head(b []byte) []byte { return b[:min(len(b), 40)] }

// TestGoValues sends Go values as parameters in every execution mode and scans them back.
func TestGoValues(t *testing.T) {
	at := time.Date(2024, 2, 29, 10, 11, 12, 345678000, time.UTC)
	values := []struct {
		sql   string
		value any
	}{
		{"bool", true},
		{"int2", int16(-5)},
		{"int4", int32(math.MaxInt32)},
		{"int8", int64(math.MinInt64)},
		{"float4", float32(1.25)},
		{"float8", math.Pi},
		{"text", "héllo\nworld"},
		{"varchar", ""},
		{"bytea", []byte{0, 1, 255}},
		{"date", time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)},
		{"timestamp", at},
		{"timestamptz", at},
		{"uuid", [16]byte{1, 2, 3, 15: 9}},
		{"int4[]", []int32{1, -2, 3}},
		{"int8[]", []int64{}},
		{"text[]", []string{"a", "", `q"\`, "NULL"}},
		{"float8[]", []float64{1.5, math.Inf(1)}},
		{"bool[]", []bool{true, false}},
		{"timestamptz[]", []time.Time{at}},
		{"jsonb", map[string]any{"a": []any{1.0, "x", nil}}},
		{"json", []any{"x", true}},
	}
	for mode, name := range map[pgx.QueryExecMode]string{
		pgx.QueryExecModeCacheStatement: "cache statement", pgx.QueryExecModeCacheDescribe: "cache describe",
		pgx.QueryExecModeDescribeExec: "describe", pgx.QueryExecModeExec: "exec", pgx.QueryExecModeSimpleProtocol: "simple",
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, func(c *pgx.ConnConfig) { c.DefaultQueryExecMode = mode })
			execute(t, conn, "SET TimeZone = 'UTC'")
			for _, v := range values {
				if undescribed := mode == pgx.QueryExecModeExec || mode == pgx.QueryExecModeSimpleProtocol; undescribed && needDescription[v.sql] {
					continue
				}
				got := reflect.New(reflect.TypeOf(v.value))
				if err := conn.QueryRow(limited(t), "SELECT $1::"+v.sql, v.value).Scan(got.Interface()); err != nil {
					t.Errorf("%s: %v", v.sql, err)
					continue
				}
				if g := got.Elem().Interface(); !sameValue(g, v.value) {
					t.Errorf("%s: sent %v, got %v", v.sql, v.value, g)
				}
			}
		})
	}
}

// needDescription are the types whose Go values pgx can only send once the server has named the parameter's type.
var needDescription = map[string]bool{"uuid": true, "json": true, "jsonb": true}

func sameValue(a, b any) bool {
	if x, ok := a.(time.Time); ok {
		return x.Equal(b.(time.Time))
	}
	if x, ok := a.([]time.Time); ok {
		return len(x) == 1 && x[0].Equal(b.([]time.Time)[0])
	}
	return reflect.DeepEqual(a, b)
}

func TestNullsOfEveryType(t *testing.T) {
	conn := connect(t)
	for _, c := range typeLiterals {
		var text *string
		if err := conn.QueryRow(limited(t), "SELECT $1::"+c.name+"::text", nil).Scan(&text); err != nil || text != nil {
			t.Errorf("%s: got %v, %v", c.name, text, err)
		}
	}
}

func TestStructsAndCollections(t *testing.T) {
	conn := connect(t)
	type item struct {
		ID   int32
		Name string
		Tags []string
	}
	rows, err := conn.Query(limited(t), "SELECT g AS id, 'n' || g AS name, ARRAY['a', g::text] AS tags FROM generate_series(1, 3) g ORDER BY g")
	noError(t, err)
	items, err := pgx.CollectRows(rows, pgx.RowToStructByName[item])
	noError(t, err)
	if len(items) != 3 || !reflect.DeepEqual(items[2], item{3, "n3", []string{"a", "3"}}) {
		t.Errorf("got %+v", items)
	}
	rows, err = conn.Query(limited(t), "SELECT id FROM (VALUES (5::int8), (7)) v (id) WHERE id = ANY ($1) ORDER BY id", []int64{5, 7, 9})
	noError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	noError(t, err)
	if !reflect.DeepEqual(ids, []int64{5, 7}) {
		t.Errorf("got %v", ids)
	}
}

func TestLoadTypeOfATable(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS loaded", "CREATE TABLE loaded (id int4, name text)", "INSERT INTO loaded VALUES (1, 'x')")
	dt, err := conn.LoadType(limited(t), "loaded")
	noError(t, err)
	conn.TypeMap().RegisterType(dt)
	var row struct {
		ID   int32
		Name string
	}
	noError(t, conn.QueryRow(limited(t), "SELECT loaded FROM loaded").Scan(&row))
	equal(t, "name", row.Name, "x")
	array, err := conn.LoadType(limited(t), "_loaded")
	noError(t, err)
	equal(t, "array type", array.Name, "_loaded")
}

func TestLargeValues(t *testing.T) {
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS large", "CREATE TABLE large (id int PRIMARY KEY, t text, b bytea)")
	text, binary := strings.Repeat("é", 4<<20), bytes.Repeat([]byte{0, 1, 2, 255}, 2<<20)
	_, err := conn.Exec(limited(t), "INSERT INTO large VALUES (1, $1, $2)", text, binary)
	noError(t, err)
	var gotText string
	var gotBinary []byte
	noError(t, conn.QueryRow(limited(t), "SELECT t, b FROM large WHERE id = 1").Scan(&gotText, &gotBinary))
	if gotText != text || !bytes.Equal(gotBinary, binary) {
		t.Errorf("got %d and %d bytes", len(gotText), len(gotBinary))
	}
}

func TestManyParameters(t *testing.T) {
	conn := connect(t)
	const most = 65535
	values := make([][]byte, most)
	var query strings.Builder
	query.WriteString("SELECT count(*) FROM generate_series(0, 100) g WHERE g IN (")
	for i := range values {
		values[i] = []byte(fmt.Sprint(i + 1))
		if i > 0 {
			query.WriteString(",")
		}
		fmt.Fprintf(&query, "$%d", i+1)
	}
	query.WriteString(")")
	result := conn.PgConn().ExecParams(limited(t), query.String(), values, nil, nil, nil).Read()
	noError(t, result.Err)
	equal(t, "count", string(result.Rows[0][0]), "100")
	result = conn.PgConn().ExecParams(limited(t), "SELECT $65536::int", nil, nil, nil, nil).Read()
	if _, ok := asPgError(result.Err); !ok {
		t.Errorf("$65536: got %v", result.Err)
	}
	noError(t, conn.Ping(context.Background()))
}
