package builtin

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// unicodeFamily is normalization and Unicode escapes.
var unicodeFamily = []Def{
	{Name: "unicode_normalize_func", Scalar: normalize},
	{Name: "unicode_is_normalized", Scalar: isNormalized},
	{Name: "unistr", Scalar: unescapeUnicode},
}

func normalForm(name string) (norm.Form, error) {
	switch strings.ToUpper(name) {
	case "NFC":
		return norm.NFC, nil
	case "NFD":
		return norm.NFD, nil
	case "NFKC":
		return norm.NFKC, nil
	case "NFKD":
		return norm.NFKD, nil
	}
	return 0, pgerr.Newf(pgerr.InvalidParameterValue, "invalid normalization form: %s", name)
}

func normalize(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	f, err := normalForm(a[1].Text())
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Text(f.String(a[0].Text())), nil
}

func isNormalized(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	f, err := normalForm(a[1].Text())
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Bool(f.IsNormalString(a[0].Text())), nil
}

func errSurrogates() error {
	return pgerr.New(pgerr.SyntaxError, "invalid Unicode surrogate pair")
}

// unescapeUnicode replaces \XXXX, \+XXXXXX, \uXXXX and \UXXXXXXXX by the characters.
func unescapeUnicode(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s := a[0].Text()
	out := make([]byte, 0, len(s))
	var high rune // the first half of a surrogate pair
	for len(s) > 0 {
		if s[0] != '\\' || strings.HasPrefix(s, `\\`) {
			if high != 0 {
				return pgtype.Null, errSurrogates()
			}
			out = append(out, s[0])
			if s[0] == '\\' {
				s = s[1:]
			}
			s = s[1:]
			continue
		}
		r, n, err := unicodeEscape(s)
		if err != nil {
			return pgtype.Null, err
		}
		s = s[n:]
		isHigh, isLow := r >= 0xD800 && r < 0xDC00, r >= 0xDC00 && r < 0xE000
		switch {
		case isLow != (high != 0):
			return pgtype.Null, errSurrogates()
		case isHigh:
			high = r
		case isLow:
			out = utf8.AppendRune(out, utf16.DecodeRune(high, r))
			high = 0
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	if high != 0 {
		return pgtype.Null, errSurrogates()
	}
	return pgtype.Bytes(out), nil
}

// unicodeEscape reads one escape and gives its length.
func unicodeEscape(s string) (r rune, n int, err error) {
	skip, digits := 1, 4
	if len(s) > 1 {
		switch s[1] {
		case '+':
			skip, digits = 2, 6
		case 'u':
			skip = 2
		case 'U':
			skip, digits = 2, 8
		}
	}
	if len(s) >= skip+digits {
		if v, err := strconv.ParseUint(s[skip:skip+digits], 16, 64); err == nil {
			if v == 0 || v > utf8.MaxRune {
				return 0, 0, pgerr.Newf(pgerr.InvalidParameterValue, "invalid Unicode code point: %04X", v)
			}
			return rune(v), skip + digits, nil
		}
	}
	return 0, 0, pgerr.New(pgerr.SyntaxError, "invalid Unicode escape").
		WithHint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
}
