package builtin

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// defaultParser is the OID of the only text search parser, pg_catalog.default.
const defaultParser = 3722

// parserTokens are the kinds of token that the default parser knows, from 1.
var parserTokens = [...][2]string{
	{"asciiword", "Word, all ASCII"}, {"word", "Word, all letters"}, {"numword", "Word, letters and digits"}, {"email", "Email address"}, {"url", "URL"},
	{"host", "Host"}, {"sfloat", "Scientific notation"}, {"version", "Version number"}, {"hword_numpart", "Hyphenated word part, letters and digits"},
	{"hword_part", "Hyphenated word part, all letters"}, {"hword_asciipart", "Hyphenated word part, all ASCII"}, {"blank", "Space symbols"}, {"tag", "XML tag"},
	{"protocol", "Protocol head"}, {"numhword", "Hyphenated word, letters and digits"}, {"asciihword", "Hyphenated word, all ASCII"},
	{"hword", "Hyphenated word, all letters"}, {"url_path", "URL path"}, {"file", "File or path name"}, {"float", "Decimal notation"}, {"int", "Signed integer"},
	{"uint", "Unsigned integer"}, {"entity", "XML entity"},
}

func tokenTypes(c *Call, a []pgtype.Datum) (Rows, error) {
	if a[0].OID() != defaultParser {
		return nil, pgerr.Newf(pgerr.UndefinedObject, "text search parser with OID %d does not exist", a[0].OID())
	}
	types := outTypes(c)
	rows := make([]pgtype.Datum, len(parserTokens))
	for i, t := range parserTokens {
		rows[i] = outRecord(c, types, pgtype.Int(int64(i+1)), pgtype.Text(t[0]), pgtype.Text(t[1]))
	}
	return listed(rows), nil
}

func tokenTypesByName(c *Call, a []pgtype.Datum) (Rows, error) {
	if strings.TrimPrefix(a[0].Text(), "pg_catalog.") != "default" {
		return nil, pgerr.Newf(pgerr.UndefinedObject, "text search parser \"%s\" does not exist", a[0].Text())
	}
	return tokenTypes(c, []pgtype.Datum{pgtype.OIDValue(defaultParser)})
}
