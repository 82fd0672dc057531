package builtin

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func errAggregateDef(name string) error {
	return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is an aggregate function", name)
}

// informationSchemaFamily is the helpers of information_schema's views, which PostgreSQL has in SQL.
var informationSchemaFamily = []Def{
	{OID: sqlFunction("_pg_expandarray", pgtype.OIDAnyarray), Name: "_pg_expandarray", Set: expandArray},
	{OID: sqlFunction("_pg_index_position", pgtype.OIDOid, pgtype.OIDInt2), Name: "_pg_index_position", Scalar: indexPosition},
	{OID: 13130, Name: "_pg_truetypid", Scalar: trueType(0)},
	{OID: 13131, Name: "_pg_truetypmod", Scalar: trueType(1)},
	typeFact("_pg_char_max_length", charMaxLength),
	typeFact("_pg_char_octet_length", charOctetLength),
	typeFact("_pg_numeric_precision", precisionOf),
	typeFact("_pg_numeric_precision_radix", radixOf),
	typeFact("_pg_numeric_scale", scaleOf),
	typeFact("_pg_datetime_precision", datetimePrecision),
	typeFact("_pg_interval_type", intervalType),
}

// typeFact makes the code of a function of a type's OID and modifier.
func typeFact(name string, f func(typ pgtype.OID, mod int32) pgtype.Datum) Def {
	return Def{OID: sqlFunction(name, pgtype.OIDOid, pgtype.OIDInt4), Name: name, Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return f(a[0].OID(), int32(a[1].Int())), nil
	}}
}

// expandArray gives the elements of an array with their positions from 1.
func expandArray(c *Call, a []pgtype.Datum) (Rows, error) {
	arr := a[0].Array()
	types := []*pgtype.Type{pgtype.Int4Type, pgtype.Int4Type}
	if t := elementType(c, 0); t != nil {
		types[0] = t
	}
	rows := make([]pgtype.Datum, len(arr.Elems))
	for i, e := range arr.Elems {
		rows[i] = pgtype.RecordValue(&pgtype.Record{Type: pgtype.RecordType, Types: types, Names: []string{"x", "n"}, Fields: []pgtype.Datum{e, pgtype.Int(int64(i + 1))}})
	}
	return listed(rows), nil
}

// indexPosition finds at which place a column stands in an index.
func indexPosition(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	_, x := c.Env.Catalog().Index(a[0].OID())
	if x == nil {
		return pgtype.Null, nil
	}
	for i := range x.Keys {
		if int64(x.Keys[i].Num) == a[1].Int() {
			return pgtype.Int(int64(i + 1)), nil
		}
	}
	return pgtype.Null, nil
}

// trueType takes the type (or modifier) of a pg_attribute row, or of what the domain in the pg_type row is made of.
func trueType(what int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		attribute, typ := a[0].Record(), a[1].Record()
		if byte(catalogField(typ, "typtype").Int()) == 'd' {
			return catalogField(typ, []string{"typbasetype", "typtypmod"}[what]), nil
		}
		return catalogField(attribute, []string{"atttypid", "atttypmod"}[what]), nil
	}
}

// catalogColumns are the positions of the columns that trueType reads, for rows without names.
var catalogColumns = map[string]int{"typtype": 6, "typbasetype": 25, "typtypmod": 26, "atttypid": 2, "atttypmod": 6}

// catalogField reads a column of a pg_type or pg_attribute row by name.
func catalogField(r *pgtype.Record, name string) pgtype.Datum {
	for i, n := range r.Names {
		if n == name && i < len(r.Fields) {
			return r.Fields[i]
		}
	}
	if i := catalogColumns[name]; i < len(r.Fields) {
		return r.Fields[i]
	}
	return pgtype.Null
}

const varHeader = 4

func charMaxLength(typ pgtype.OID, mod int32) pgtype.Datum {
	switch {
	case mod == -1:
		return pgtype.Null
	case typ == pgtype.OIDBpchar || typ == pgtype.OIDVarchar:
		return pgtype.Int(int64(mod - varHeader))
	case typ == pgtype.OIDBit || typ == pgtype.OIDVarbit:
		return pgtype.Int(int64(mod))
	}
	return pgtype.Null
}

const maxOctets = 1 << 30

func charOctetLength(typ pgtype.OID, mod int32) pgtype.Datum {
	switch typ {
	case pgtype.OIDText, pgtype.OIDBpchar, pgtype.OIDVarchar:
		if mod == -1 {
			return pgtype.Int(maxOctets)
		}
		return pgtype.Int(int64(mod-varHeader) * 4)
	}
	return pgtype.Null
}

func precisionOf(typ pgtype.OID, mod int32) pgtype.Datum {
	switch typ {
	case pgtype.OIDInt2:
		return pgtype.Int(16)
	case pgtype.OIDInt4:
		return pgtype.Int(32)
	case pgtype.OIDInt8:
		return pgtype.Int(64)
	case pgtype.OIDFloat4:
		return pgtype.Int(24)
	case pgtype.OIDFloat8:
		return pgtype.Int(53)
	case pgtype.OIDNumeric:
		if mod != -1 {
			return pgtype.Int(int64((mod - varHeader) >> 16 & 0xFFFF))
		}
	}
	return pgtype.Null
}

func radixOf(typ pgtype.OID, _ int32) pgtype.Datum {
	switch typ {
	case pgtype.OIDInt2, pgtype.OIDInt4, pgtype.OIDInt8, pgtype.OIDFloat4, pgtype.OIDFloat8:
		return pgtype.Int(2)
	case pgtype.OIDNumeric:
		return pgtype.Int(10)
	}
	return pgtype.Null
}

func scaleOf(typ pgtype.OID, mod int32) pgtype.Datum {
	switch typ {
	case pgtype.OIDInt2, pgtype.OIDInt4, pgtype.OIDInt8:
		return pgtype.Int(0)
	case pgtype.OIDNumeric:
		if mod != -1 {
			return pgtype.Int(int64((mod - varHeader) & 0xFFFF))
		}
	}
	return pgtype.Null
}

func datetimePrecision(typ pgtype.OID, mod int32) pgtype.Datum {
	switch typ {
	case pgtype.OIDDate:
		return pgtype.Int(0)
	case pgtype.OIDTime, pgtype.OIDTimetz, pgtype.OIDTimestamp, pgtype.OIDTimestamptz:
		if mod < 0 {
			return pgtype.Int(6)
		}
		return pgtype.Int(int64(mod))
	case pgtype.OIDInterval:
		if mod < 0 || mod&0xFFFF == 0xFFFF {
			return pgtype.Int(6)
		}
		return pgtype.Int(int64(mod & 0xFFFF))
	}
	return pgtype.Null
}

// intervalType is the fields that an interval type is limited to, as DAY TO SECOND.
func intervalType(typ pgtype.OID, mod int32) pgtype.Datum {
	if typ != pgtype.OIDInterval {
		return pgtype.Null
	}
	s := pgtype.FormatType(pgtype.IntervalType, mod)
	_, s, ok := strings.Cut(s, " ")
	if !ok {
		return pgtype.Null
	}
	return pgtype.Text(strings.ToUpper(s))
}

// elementType is the type of an array argument's elements.
func elementType(c *Call, arg int) *pgtype.Type {
	if arg >= len(c.Types) || c.Types[arg] == nil {
		return nil
	}
	return c.Types[arg].BaseType().Elem
}
