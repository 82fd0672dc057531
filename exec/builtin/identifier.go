package builtin

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// identifierFamily is the functions that take names apart.
var identifierFamily = []Def{
	{Name: "parse_ident", Scalar: parseIdent},
	{Name: "to_ascii_enc", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		name, ok := asciiEncodings[a[1].Int()]
		if !ok {
			return pgtype.Null, pgerr.Newf(pgerr.UndefinedObject, "%d is not a valid encoding code", a[1].Int())
		}
		return asciiFrom(name)
	}},
	{Name: "to_ascii_encname", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		wanted := strings.Map(alphanumeric, strings.ToLower(a[1].Text()))
		for _, name := range asciiEncodings {
			if strings.Map(alphanumeric, strings.ToLower(name)) == wanted {
				return asciiFrom(name)
			}
		}
		return pgtype.Null, pgerr.Newf(pgerr.UndefinedObject, "%s is not a valid encoding name", a[1].Text())
	}},
}

// asciiEncodings are PostgreSQL's encodings by number, as far as its to_ascii knows or refuses them by name.
var asciiEncodings = map[int64]string{
	0: "SQL_ASCII", 1: "EUC_JP", 2: "EUC_CN", 3: "EUC_KR", 4: "EUC_TW", 5: "EUC_JIS_2004", 6: "UTF8", 7: "MULE_INTERNAL", 8: "LATIN1", 9: "LATIN2",
	10: "LATIN3", 11: "LATIN4", 12: "LATIN5", 13: "LATIN6", 14: "LATIN7", 15: "LATIN8", 16: "LATIN9", 17: "LATIN10", 18: "WIN1256", 19: "WIN1258",
	20: "WIN866", 21: "WIN874", 22: "KOI8R", 23: "WIN1251", 24: "WIN1252", 25: "ISO_8859_5", 26: "ISO_8859_6", 27: "ISO_8859_7", 28: "ISO_8859_8",
	29: "WIN1250", 30: "WIN1253", 31: "WIN1254", 32: "WIN1255", 33: "WIN1257", 34: "KOI8U",
}

func alphanumeric(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return -1
}

// asciiFrom has nothing to offer: it reads the bytes of the text in a one-byte encoding, while the texts here are UTF-8.
func asciiFrom(encoding string) (pgtype.Datum, error) {
	switch encoding {
	case "LATIN1", "LATIN2", "LATIN9", "WIN1250":
		return pgtype.Null, pgerr.Unsupported("to_ascii of " + encoding)
	}
	return pgtype.Null, pgerr.Newf(pgerr.FeatureNotSupported, "encoding conversion from %s to ASCII not supported", encoding)
}

// parseIdent splits a qualified name into its parts; strict refuses what follows the last.
func parseIdent(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	whole, strict := a[0].Text(), a[1].Bool()
	bad := func(detail string) (pgtype.Datum, error) {
		e := errParameter("string is not a valid identifier: \"%s\"", whole)
		if detail != "" {
			e.WithDetail("%s", detail)
		}
		return pgtype.Null, e
	}
	const blanks = " \t\n\r\f\v"
	var parts []string
	s, afterDot := strings.TrimLeft(whole, blanks), false
	for {
		switch {
		case strings.HasPrefix(s, `"`):
			name, rest, closed := quotedName(s[1:])
			switch {
			case !closed:
				return bad("String has unclosed double quotes.")
			case name == "":
				return bad("Quoted identifier must not be empty.")
			}
			parts, s = append(parts, name), rest
		case s != "" && identifierStart(s[0]):
			n := 1
			for n < len(s) && (identifierStart(s[n]) || s[n] >= '0' && s[n] <= '9' || s[n] == '$') {
				n++
			}
			parts, s = append(parts, lowerASCII(s[:n])), s[n:]
		case strings.HasPrefix(s, "."):
			return bad("No valid identifier before \".\".")
		case afterDot:
			return bad("No valid identifier after \".\".")
		default:
			return bad("")
		}
		s = strings.TrimLeft(s, blanks)
		if !strings.HasPrefix(s, ".") {
			break
		}
		s, afterDot = strings.TrimLeft(s[1:], blanks), true
	}
	if s != "" && strict {
		return bad("")
	}
	return textArray(parts), nil
}

// quotedName reads up to the closing quote; two quotes stand for one.
func quotedName(s string) (name, rest string, closed bool) {
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return strings.ReplaceAll(s[:i], `""`, `"`), s[i+1:], true
	}
	return "", "", false
}

func identifierStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}
