package pgtype

import (
	"strings"
)

// sqlNames are the types that have a name in the SQL standard other than pg_type.typname, and how it goes on when no modifier is shown.
var sqlNames = map[OID][2]string{
	OIDBool:        {"boolean", ""},
	OIDBit:         {"bit", ""},
	OIDBpchar:      {"character", ""},
	OIDFloat4:      {"real", ""},
	OIDFloat8:      {"double precision", ""},
	OIDInt2:        {"smallint", ""},
	OIDInt4:        {"integer", ""},
	OIDInt8:        {"bigint", ""},
	OIDNumeric:     {"numeric", ""},
	OIDInterval:    {"interval", ""},
	OIDTime:        {"time", " without time zone"},
	OIDTimetz:      {"time", " with time zone"},
	OIDTimestamp:   {"timestamp", " without time zone"},
	OIDTimestamptz: {"timestamp", " with time zone"},
	OIDVarbit:      {"bit varying", ""},
	OIDVarchar:     {"character varying", ""},
}

// String is the type's name in SQL without modifiers, as error messages have it: format_type(oid, NULL).
func (t *Type) String() string { return formatType(t, -1, false) }

// FormatType is the SQL name of a type with its modifier, as format_type(oid, typmod). A type that is neither in pg_catalog nor in public
// is qualified with its schema.
func FormatType(t *Type, typmod int32) string { return formatType(t, typmod, true) }

func formatType(t *Type, typmod int32, given bool) string {
	if t.IsArray() && t.Proc.Storage != 'p' {
		return formatType(t.Elem, typmod, given) + "[]"
	}
	// Without a modifier, char and bit are not the standard's types, which mean one character, one bit.
	if given && typmod < 0 {
		switch t.OID {
		case OIDBpchar:
			return "bpchar"
		case OIDBit:
			return `"bit"`
		}
	}
	withMod := given && typmod >= 0
	name, ok := sqlNames[t.OID]
	if !ok {
		s := QuoteIdentifier(t.Name)
		if t.Schema != "pg_catalog" && t.Schema != "public" {
			s = QuoteIdentifier(t.Schema) + "." + s
		}
		if withMod {
			s += TypmodOut(t, typmod)
		}
		return s
	}
	if withMod {
		return name[0] + TypmodOut(t, typmod)
	}
	return name[0] + name[1]
}

// QuoteIdentifier quotes a name where SQL needs it, as quote_ident.
func QuoteIdentifier(s string) string {
	if !needsQuotes(s) {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func needsQuotes(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return true
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_') {
			return true
		}
	}
	return quotedKeywords[s]
}

// quotedKeywords are the keywords that cannot be a bare name everywhere: all but those of category "unreserved".
var quotedKeywords = func() map[string]bool {
	m := make(map[string]bool, 192)
	for _, w := range strings.Fields(keywordList) {
		m[w] = true
	}
	return m
}()

const keywordList = `
all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character check 
coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema 
current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch 
float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval into 
is isnull join json_array json_arrayagg json_object json_objectagg lateral leading least left like limit localtime localtimestamp national 
natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing position precision 
primary real references returning right row select session_user setof similar smallint some substring symmetric system_user table 
tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where window with 
xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable `
