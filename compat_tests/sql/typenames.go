package sql

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// firstUserOID is where the OIDs of what users create begin; those differ from server to server.
const firstUserOID = 16384

// builtinTypes are the names that format_type gives to the built-in types a result may have. They stand here, and are
// not asked from the server under test, so that a wrong catalog cannot hide a wrong column type.
var builtinTypes = map[uint32]string{
	16: "boolean", 17: "bytea", 18: `"char"`, 19: "name", 20: "bigint", 21: "smallint", 22: "int2vector", 23: "integer",
	24: "regproc", 25: "text", 26: "oid", 27: "tid", 28: "xid", 29: "cid", 30: "oidvector", 114: "json", 142: "xml",
	194: "pg_node_tree", 600: "point", 601: "lseg", 602: "path", 603: "box", 604: "polygon", 628: "line", 650: "cidr",
	700: "real", 701: "double precision", 705: "unknown", 718: "circle", 774: "macaddr8", 790: "money", 829: "macaddr",
	869: "inet", 1033: "aclitem", 1042: "character", 1043: "character varying", 1082: "date",
	1083: "time without time zone", 1114: "timestamp without time zone", 1184: "timestamp with time zone",
	1186: "interval", 1266: "time with time zone", 1560: "bit", 1562: "bit varying", 1700: "numeric", 1790: "refcursor",
	2202: "regprocedure", 2203: "regoper", 2204: "regoperator", 2205: "regclass", 2206: "regtype", 2249: "record",
	2278: "void", 2287: "record[]", 2950: "uuid", 2970: "txid_snapshot", 3220: "pg_lsn", 3614: "tsvector", 3615: "tsquery",
	3734: "regconfig", 3769: "regdictionary", 3802: "jsonb", 3904: "int4range", 3906: "numrange", 3908: "tsrange",
	3910: "tstzrange", 3912: "daterange", 3926: "int8range", 4072: "jsonpath", 4089: "regnamespace", 4096: "regrole",
	4191: "regcollation", 4451: "int4multirange", 4532: "nummultirange", 5069: "xid8",
}

// arrayElements maps the OIDs of array types to their elements'.
var arrayElements = map[uint32]uint32{
	199: 114, 1000: 16, 1001: 17, 1002: 18, 1003: 19, 1005: 21, 1006: 22, 1007: 23, 1008: 24, 1009: 25, 1010: 27, 1011: 28,
	1012: 29, 1013: 30, 1014: 1042, 1015: 1043, 1016: 20, 1021: 700, 1022: 701, 1028: 26, 1034: 1033, 1115: 1114, 1182: 1082,
	1183: 1083, 1185: 1184, 1187: 1186, 1231: 1700, 1270: 1266, 1561: 1560, 1563: 1562, 2201: 1790, 2207: 2202, 2208: 2203,
	2209: 2204, 2210: 2205, 2211: 2206, 2951: 2950, 3807: 3802, 3905: 3904, 4073: 4072, 4090: 4089, 4097: 4096,
}

// typeNames writes column types as format_type does. Types that users created are asked from the server by a second
// connection, so that the tested one's state does not matter.
type typeNames struct {
	dsn  string
	conn *pgconn.PgConn
}

func (t *typeNames) close() {
	if t.conn != nil {
		_ = t.conn.Close(context.Background())
		t.conn = nil
	}
}

func (t *typeNames) columns(ctx context.Context, fields []pgproto3.FieldDescription) string {
	shown := make([]string, len(fields))
	for i, f := range fields {
		shown[i] = string(f.Name) + " " + t.name(ctx, f.DataTypeOID, f.TypeModifier)
	}
	return strings.Join(shown, " | ")
}

func (t *typeNames) name(ctx context.Context, oid uint32, modifier int32) string {
	if element, ok := arrayElements[oid]; ok {
		return withModifier(element, builtinTypes[element], modifier) + "[]"
	}
	if name, ok := builtinTypes[oid]; ok {
		return withModifier(oid, name, modifier)
	}
	if oid >= firstUserOID {
		return t.ask(ctx, oid, modifier)
	}
	return fmt.Sprintf("oid %d", oid)
}

func (t *typeNames) ask(ctx context.Context, oid uint32, modifier int32) string {
	if t.conn == nil {
		conn, err := pgconn.Connect(ctx, t.dsn)
		if err != nil {
			return "a type of the user's"
		}
		t.conn = conn
	}
	results, err := t.conn.Exec(ctx, fmt.Sprintf("SELECT format_type(%d, %d)", oid, modifier)).ReadAll()
	if err != nil || len(results) != 1 || len(results[0].Rows) != 1 {
		return "a type of the user's"
	}
	return string(results[0].Rows[0][0])
}

func withModifier(oid uint32, name string, modifier int32) string {
	if modifier < 0 {
		if oid == 1042 {
			// The length is part of the name character, and bpchar is the one without.
			return "bpchar"
		}
		return name
	}
	switch oid {
	case 1042, 1043: // character, character varying: the modifier includes the old length word
		return fmt.Sprintf("%s(%d)", name, modifier-4)
	case 1560, 1562:
		return fmt.Sprintf("%s(%d)", name, modifier)
	case 1700:
		scale := (modifier - 4) & 0x7ff
		return fmt.Sprintf("numeric(%d,%d)", (modifier-4)>>16, (scale^1024)-1024)
	case 1083, 1114, 1184, 1266:
		before, after, _ := strings.Cut(name, " ")
		return fmt.Sprintf("%s(%d) %s", before, modifier, after)
	case 1186:
		return intervalName(modifier)
	default:
		return fmt.Sprintf("%s with modifier %d", name, modifier)
	}
}

// intervalFields are the bits of an interval's modifier: those of the units that it holds.
var intervalFields = map[int32]string{
	1 << 2: " year", 1 << 1: " month", 1 << 3: " day", 1 << 10: " hour", 1 << 11: " minute", 1 << 12: " second",
	1<<2 | 1<<1: " year to month", 1<<3 | 1<<10: " day to hour", 1<<3 | 1<<10 | 1<<11: " day to minute",
	1<<3 | 1<<10 | 1<<11 | 1<<12: " day to second", 1<<10 | 1<<11: " hour to minute",
	1<<10 | 1<<11 | 1<<12: " hour to second", 1<<11 | 1<<12: " minute to second", 0x7fff: "",
}

func intervalName(modifier int32) string {
	name := "interval" + intervalFields[modifier>>16&0x7fff]
	if precision := modifier & 0xffff; precision != 0xffff {
		name += fmt.Sprintf("(%d)", precision)
	}
	return name
}
