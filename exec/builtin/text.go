package builtin

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// textFamily is the operators and functions of text, and those of name, "char" and bpchar that are not text's.
// Strings compare by their bytes, as in the collations C and C.UTF-8.
var textFamily = slices.Concat(
	comparisons("text", "eq ne", compareTexts),
	orderings("text", "_lt _le _gt _ge", compareTexts),
	orderings("text_pattern", "_lt _le _gt _ge", compareTexts),
	comparisons("name", plainNames, compareTexts),
	comparisons("name", "eqtext netext lttext letext gttext getext", compareTexts),
	comparisons("text", "eqname nename ltname lename gtname gename", compareTexts),
	comparisons("char", plainNames, compareQChars),
	comparisons("bpchar", plainNames, compareBpchars),
	orderings("bpchar_pattern", "_lt _le _gt _ge", compareBpchars),
	extremes("text_larger", "text_smaller", compareTexts),
	extremes("bpchar_larger", "bpchar_smaller", compareBpchars),
	[]Def{
		comparer("bttextcmp", compareTexts), comparer("btnamecmp", compareTexts), comparer("btnametextcmp", compareTexts),
		comparer("bttextnamecmp", compareTexts), comparer("bttext_pattern_cmp", compareTexts), comparer("btcharcmp", compareQChars),
		comparer("bpcharcmp", compareBpchars), comparer("btbpchar_pattern_cmp", compareBpchars),
		comparer("gin_compare_jsonb", compareTexts),
		{Name: "textcat", Scalar: concatTwo},
		{OID: 2003, Name: "textanycat", Scalar: concatTextAny},
		{OID: 2004, Name: "anytextcat", Scalar: concatAnyText},
		{Name: "textlen", Scalar: textLength},
		{Name: "bpcharlen", Scalar: bpcharLength},
		{Name: "textoctetlen", Scalar: octetLength},
		{Name: "bpcharoctetlen", Scalar: octetLength},
		{OID: 1811, Name: "bit_length(text)", Scalar: bitLength},
		{OID: 1810, Name: "bit_length(bytea)", Scalar: bitLength},
		{Name: "lower", Scalar: textFunc(lower)},
		{Name: "upper", Scalar: textFunc(upper)},
		{Name: "initcap", Scalar: textFunc(capitalize)},
		{Name: "text_reverse", Scalar: textFunc(reverse)},
		{Name: "text_substr", Scalar: substring},
		{Name: "text_substr_no_len", Scalar: substring},
		{Name: "textpos", Scalar: position},
		{Name: "textoverlay", Scalar: overlay},
		{Name: "textoverlay_no_len", Scalar: overlay},
		{Name: "btrim", Scalar: trimOf(true, true)},
		{Name: "btrim1", Scalar: trimOf(true, true)},
		{Name: "ltrim", Scalar: trimOf(true, false)},
		{Name: "ltrim1", Scalar: trimOf(true, false)},
		{Name: "rtrim", Scalar: trimOf(false, true)},
		{Name: "rtrim1", Scalar: trimOf(false, true)},
		{Name: "lpad", Scalar: padOf(true)},
		{Name: "rpad", Scalar: padOf(false)},
		{OID: 879, Name: "lpad(text,int4)", Scalar: padOf(true)},
		{OID: 880, Name: "rpad(text,int4)", Scalar: padOf(false)},
		{Name: "repeat", Scalar: repeat},
		{Name: "replace_text", Scalar: replaceText},
		{Name: "translate", Scalar: translate},
		{Name: "text_left", Scalar: left},
		{Name: "text_right", Scalar: right},
		{Name: "split_part", Scalar: splitPart},
		{Name: "text_starts_with", Scalar: startsWith},
		{Name: "ascii", Scalar: ascii},
		{Name: "chr", Scalar: chr},
	},
)

// orderings is comparisons without equality, which some families take from another type's functions.
func orderings(prefix, suffixes string, cmp compareFunc) []Def {
	return comparisons(prefix, "_eq _ne "+suffixes, cmp)[2:]
}

func compareQChars(a, b pgtype.Datum) int {
	return sign(uint64(byte(a.Int())), uint64(byte(b.Int())))
}

func compareBpchars(a, b pgtype.Datum) int {
	return strings.Compare(trimBlanks(a.Text()), trimBlanks(b.Text()))
}

func trimBlanks(s string) string { return strings.TrimRight(s, " ") }

// maxText is the most bytes that a value can have.
const maxText = 0x3fffffff - 4

func errTooLong() error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "requested length too large")
}

// errEnlarge is the error of a text that grows beyond maxText while it is put together.
func errEnlarge(have, more int) error {
	return pgerr.New(pgerr.ProgramLimitExceeded, "out of memory").WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", have, more)
}

func textFunc(f func(string) string) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Text(f(a[0].Text())), nil }
}

func concatTwo(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return concatStrings(a[0].Text(), a[1].Text())
}

func concatStrings(x, y string) (pgtype.Datum, error) {
	if len(x)+len(y) > maxText {
		return pgtype.Null, errTooLong()
	}
	return pgtype.Text(x + y), nil
}

func concatTextAny(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return concatStrings(a[0].Text(), castToText(c, c.Types[1], a[1]))
}

func concatAnyText(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return concatStrings(castToText(c, c.Types[0], a[0]), a[1].Text())
}

// castToText is the value as its cast to text gives it, which for a few types is not what their output function prints.
func castToText(c *Call, t *pgtype.Type, d pgtype.Datum) string {
	switch t.BaseType().OID {
	case pgtype.OIDText, pgtype.OIDVarchar, pgtype.OIDName, pgtype.OIDUnknown:
		return d.Text()
	case pgtype.OIDBpchar:
		return trimBlanks(d.Text())
	case pgtype.OIDBool:
		if d.Bool() {
			return "true"
		}
		return "false"
	}
	return outputText(c, t, d)
}

// outputText is what the type's output function prints.
func outputText(c *Call, t *pgtype.Type, d pgtype.Datum) string {
	return string(t.Codec.AppendText(c.Text, nil, d))
}

func textLength(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(int64(utf8.RuneCountInString(a[0].Text()))), nil
}

func bpcharLength(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(int64(utf8.RuneCountInString(trimBlanks(a[0].Text())))), nil
}

func octetLength(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(int64(len(a[0].Text()))), nil
}

func bitLength(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return fit(8*int64(len(a[0].Text())), 4)
}

// The case functions map character by character, as towlower and towupper do.

func lower(s string) string { return mapRunes(s, unicode.ToLower) }
func upper(s string) string { return mapRunes(s, unicode.ToUpper) }

func mapRunes(s string, f func(rune) rune) string { return strings.Map(f, s) }

// capitalize makes the first letter of each word upper case and the rest lower case; words are runs of letters and digits.
func capitalize(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		out := unicode.ToUpper(r)
		if inWord {
			out = unicode.ToLower(r)
		}
		inWord = unicode.In(r, unicode.L, unicode.Nd, unicode.Nl)
		return out
	}, s)
}

func reverse(s string) string {
	b := make([]byte, len(s))
	at := len(s)
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		at -= n
		copy(b[at:], s[i:i+n])
		i += n
	}
	return string(b)
}

// runeOffset is the byte position behind n characters of s, len(s) when there are fewer.
func runeOffset(s string, n int64) int {
	if n <= 0 {
		return 0
	}
	if n >= int64(len(s)) {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// substringBounds turns SQL's start (from 1, may lie before) and optional length into characters to skip and to take; take is -1 for all.
func substringBounds(args []pgtype.Datum) (skip, take int64, err error) {
	start := args[0].Int()
	if len(args) == 1 {
		return max(start-1, 0), -1, nil
	}
	length := args[1].Int()
	if length < 0 {
		return 0, 0, pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
	}
	end := start + length
	start = max(start, 1)
	return start - 1, max(end-start, 0), nil
}

func substring(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	skip, take, err := substringBounds(a[1:])
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Text(sliceRunes(a[0].Text(), skip, take)), nil
}

func sliceRunes(s string, skip, take int64) string {
	s = s[runeOffset(s, skip):]
	if take >= 0 {
		s = s[:runeOffset(s, take)]
	}
	return s
}

func position(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s := a[0].Text()
	i := strings.Index(s, a[1].Text())
	if i < 0 {
		return pgtype.Int(0), nil
	}
	return pgtype.Int(int64(utf8.RuneCountInString(s[:i])) + 1), nil
}

func overlay(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s, with := a[0].Text(), a[1].Text()
	length := int64(utf8.RuneCountInString(with))
	if len(a) == 4 {
		length = a[3].Int()
	}
	skip, after, err := overlayBounds(a[2].Int(), length)
	if err != nil {
		return pgtype.Null, err
	}
	front, back := s[:runeOffset(s, skip)], s[runeOffset(s, after):]
	if len(front)+len(with)+len(back) > maxText {
		return pgtype.Null, errTooLong()
	}
	return pgtype.Text(front + with + back), nil
}

// overlayBounds gives how many characters come before the replacement and how many are skipped for what comes after it.
func overlayBounds(start, length int64) (before, after int64, err error) {
	if start <= 0 {
		return 0, 0, pgerr.New(pgerr.SubstringError, "negative substring length not allowed")
	}
	if start+length > math.MaxInt32 {
		return 0, 0, integerOutOfRange(4)
	}
	return start - 1, start + length - 1, nil
}

func trimOf(front, back bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		s, set := a[0].Text(), " "
		if len(a) == 2 {
			set = a[1].Text()
		}
		if front {
			s = strings.TrimLeft(s, set)
		}
		if back {
			s = strings.TrimRight(s, set)
		}
		return pgtype.Text(s), nil
	}
}

func padOf(front bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		s, want, fill := a[0].Text(), max(a[1].Int(), 0), " "
		if len(a) == 3 {
			fill = a[2].Text()
		}
		if want > maxText/utf8.UTFMax {
			return pgtype.Null, errTooLong()
		}
		have := int64(utf8.RuneCountInString(s))
		if have >= want || fill == "" {
			return pgtype.Text(s[:runeOffset(s, want)]), nil
		}
		padding := repeatRunes(fill, int(want-have))
		if front {
			return pgtype.Text(padding + s), nil
		}
		return pgtype.Text(s + padding), nil
	}
}

// repeatRunes repeats s until there are n characters.
func repeatRunes(s string, n int) string {
	count := utf8.RuneCountInString(s)
	return strings.Repeat(s, n/count) + s[:runeOffset(s, int64(n%count))]
}

func repeat(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s, n := a[0].Text(), max(a[1].Int(), 0)
	if int64(len(s))*n > maxText {
		return pgtype.Null, errTooLong()
	}
	return pgtype.Text(strings.Repeat(s, int(n))), nil
}

func replaceText(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s, from, to := a[0].Text(), a[1].Text(), a[2].Text()
	if from == "" {
		return a[0], nil
	}
	if n := strings.Count(s, from); n > 0 && len(s)+n*(len(to)-len(from)) > maxText {
		return pgtype.Null, errTooLong()
	}
	return pgtype.Text(strings.ReplaceAll(s, from, to)), nil
}

// translate replaces each character of the set by the one at its place in the other set, or drops it when that is shorter.
func translate(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	from, to := []rune(a[1].Text()), []rune(a[2].Text())
	return pgtype.Text(strings.Map(func(r rune) rune {
		switch i := slices.Index(from, r); {
		case i < 0:
			return r
		case i < len(to):
			return to[i]
		}
		return -1
	}, a[0].Text())), nil
}

func left(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s, n := a[0].Text(), a[1].Int()
	if n < 0 {
		n = max(n+int64(utf8.RuneCountInString(s)), 0)
	}
	return pgtype.Text(s[:runeOffset(s, n)]), nil
}

func right(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s, n := a[0].Text(), a[1].Int()
	switch {
	case n == math.MinInt32: // has no positive counterpart; PostgreSQL then drops nothing
		return a[0], nil
	case n < 0:
		return pgtype.Text(s[runeOffset(s, -n):]), nil
	}
	return pgtype.Text(s[runeOffset(s, int64(utf8.RuneCountInString(s))-n):]), nil
}

func splitPart(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s, sep, n := a[0].Text(), a[1].Text(), a[2].Int()
	if n == 0 {
		return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "field position must not be zero")
	}
	if s == "" {
		return pgtype.Text(""), nil
	}
	if sep == "" {
		if n == 1 || n == -1 {
			return a[0], nil
		}
		return pgtype.Text(""), nil
	}
	if n < 0 {
		n += int64(strings.Count(s, sep)) + 2
		if n < 1 {
			return pgtype.Text(""), nil
		}
	}
	for ; n > 1; n-- {
		_, rest, found := strings.Cut(s, sep)
		if !found {
			return pgtype.Text(""), nil
		}
		s = rest
	}
	part, _, _ := strings.Cut(s, sep)
	return pgtype.Text(part), nil
}

func startsWith(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Bool(strings.HasPrefix(a[0].Text(), a[1].Text())), nil
}

func ascii(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s := a[0].Text()
	if s == "" {
		return pgtype.Int(0), nil
	}
	r, _ := utf8.DecodeRuneInString(s)
	return pgtype.Int(int64(r)), nil
}

func chr(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := a[0].Int()
	switch {
	case v < 0:
		return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "character number must be positive")
	case v == 0:
		return pgtype.Null, pgerr.New(pgerr.ProgramLimitExceeded, "null character not permitted")
	case v > unicode.MaxRune:
		return pgtype.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "requested character too large for encoding: %d", v)
	case !utf8.ValidRune(rune(v)):
		return pgtype.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "requested character not valid for encoding: %d", v)
	}
	return pgtype.Text(string(rune(v))), nil
}
