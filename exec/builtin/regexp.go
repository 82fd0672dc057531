package builtin

import (
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/exec/builtin/regex"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// regexpFamily is the operators ~ and the functions regexp_….
var regexpFamily = []Def{
	{Name: "textregexeq", Scalar: regexpOperator(false, true)},
	{Name: "textregexne", Scalar: regexpOperator(false, false)},
	{Name: "texticregexeq", Scalar: regexpOperator(true, true)},
	{Name: "texticregexne", Scalar: regexpOperator(true, false)},
	{Name: "nameregexeq", Scalar: regexpOperator(false, true)},
	{Name: "nameregexne", Scalar: regexpOperator(false, false)},
	{Name: "nameicregexeq", Scalar: regexpOperator(true, true)},
	{Name: "nameicregexne", Scalar: regexpOperator(true, false)},
	{Name: "textregexsubstr", Scalar: regexpSubstring},
	{OID: 2074, Name: "substring(text,text,text)", Scalar: similarSubstring},
	{Name: "textregexreplace_noopt", Scalar: regexpReplace},
	{Name: "textregexreplace", Scalar: regexpReplace},
	{Name: "textregexreplace_extended", Scalar: regexpReplaceFrom},
	{Name: "textregexreplace_extended_no_n", Scalar: regexpReplaceFrom},
	{Name: "textregexreplace_extended_no_flags", Scalar: regexpReplaceFrom},
	{Name: "regexp_match", Scalar: regexpMatch},
	{Name: "regexp_match_no_flags", Scalar: regexpMatch},
	{Name: "regexp_matches", Set: regexpMatches},
	{Name: "regexp_matches_no_flags", Set: regexpMatches},
	{Name: "regexp_split_to_array", Scalar: regexpSplitToArray},
	{Name: "regexp_split_to_array_no_flags", Scalar: regexpSplitToArray},
	{Name: "regexp_split_to_table", Set: regexpSplitToTable},
	{Name: "regexp_split_to_table_no_flags", Set: regexpSplitToTable},
	{Name: "regexp_count", Scalar: regexpCount},
	{Name: "regexp_count_no_start", Scalar: regexpCount},
	{Name: "regexp_count_no_flags", Scalar: regexpCount},
	{Name: "regexp_instr", Scalar: regexpInstr},
	{Name: "regexp_instr_no_start", Scalar: regexpInstr},
	{Name: "regexp_instr_no_n", Scalar: regexpInstr},
	{Name: "regexp_instr_no_endoption", Scalar: regexpInstr},
	{Name: "regexp_instr_no_flags", Scalar: regexpInstr},
	{Name: "regexp_instr_no_subexpr", Scalar: regexpInstr},
	{Name: "regexp_like", Scalar: regexpLike},
	{Name: "regexp_like_no_flags", Scalar: regexpLike},
	{Name: "regexp_substr", Scalar: regexpSubstr},
	{Name: "regexp_substr_no_start", Scalar: regexpSubstr},
	{Name: "regexp_substr_no_n", Scalar: regexpSubstr},
	{Name: "regexp_substr_no_flags", Scalar: regexpSubstr},
	{Name: "regexp_substr_no_subexpr", Scalar: regexpSubstr},
}

// compiled is a call site's last pattern.
type compiled struct {
	pattern, flags string
	re             *regex.Regex
	global         bool
}

// regexpOf compiles a pattern with flags, or takes it from the call site.
func regexpOf(c *Call, pattern, flags string) (*compiled, error) {
	if p, ok := c.Cache.(*compiled); ok && p.pattern == pattern && p.flags == flags {
		return p, nil
	}
	p := &compiled{pattern: strings.Clone(pattern), flags: strings.Clone(flags)}
	var o regex.Options
	for i := 0; i < len(flags); i++ {
		if flags[i] == 'g' {
			p.global = true
			continue
		}
		if !o.Set(flags[i : i+1]) {
			_, n := utf8.DecodeRuneInString(flags[i:])
			return nil, pgerr.Newf(pgerr.InvalidParameterValue, "invalid regular expression option: \"%s\"", flags[i:i+n])
		}
	}
	var err error
	if p.re, err = regex.Compile(p.pattern, o); err != nil {
		return nil, err
	}
	c.Cache = p
	return p, nil
}

func regexpOperator(ignoreCase, want bool) Scalar {
	flags := ""
	if ignoreCase {
		flags = "i"
	}
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		p, err := regexpOf(c, a[1].Text(), flags)
		if err != nil {
			return pgtype.Null, err
		}
		match, err := p.re.Match(a[0].Text())
		if err != nil {
			return pgtype.Null, err
		}
		return pgtype.Bool(match == want), nil
	}
}

func regexpSubstring(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	p, err := regexpOf(c, a[1].Text(), "")
	if err != nil {
		return pgtype.Null, err
	}
	loc, err := p.re.Find(a[0].Text(), 0)
	if err != nil || loc == nil {
		return pgtype.Null, err
	}
	return capture(a[0].Text(), loc, min(1, p.re.Captures())), nil
}

// similarSubstring is substring(text SIMILAR pattern ESCAPE escape).
func similarSubstring(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	pattern, err := similarEscape(c, a[1:])
	if err != nil {
		return pgtype.Null, err
	}
	return regexpSubstring(c, []pgtype.Datum{a[0], pattern})
}

// capture is the text of a capture, NULL when it did not take part.
func capture(s string, loc []int, n int) pgtype.Datum {
	if 2*n >= len(loc) || loc[2*n] < 0 {
		return pgtype.Null
	}
	return pgtype.Text(s[loc[2*n]:loc[2*n+1]])
}

// captures is the array that regexp_match gives: the captures, or without any the match.
func captures(s string, loc []int, count int) pgtype.Datum {
	if count == 0 {
		return pgtype.NewArrayValue(pgtype.TextType, []pgtype.Datum{capture(s, loc, 0)})
	}
	elems := make([]pgtype.Datum, count)
	for i := range elems {
		elems[i] = capture(s, loc, i+1)
	}
	return pgtype.NewArrayValue(pgtype.TextType, elems)
}

// eachMatch calls f for the matches from position from on until it returns false. After an empty match the search goes on one character later.
func eachMatch(re *regex.Regex, s string, from int, f func(loc []int) bool) error {
	search := re.Searcher(s)
	for from <= len(s) {
		loc, err := search.Find(from)
		if err != nil {
			return err
		}
		if loc == nil || !f(loc) {
			return nil
		}
		from = loc[1]
		if loc[0] == loc[1] {
			_, n := utf8.DecodeRuneInString(s[from:])
			from += max(n, 1)
		}
	}
	return nil
}

func optionalText(a []pgtype.Datum, i int) string {
	if i < len(a) {
		return a[i].Text()
	}
	return ""
}

func optionalInt(a []pgtype.Datum, i int, otherwise int64) int64 {
	if i < len(a) {
		return a[i].Int()
	}
	return otherwise
}

func regexpReplace(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	flags := optionalText(a, 3)
	if flags != "" && flags[0] >= '0' && flags[0] <= '9' {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid regular expression option: \"%s\"", flags[:1]).
			WithHint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.")
	}
	p, err := regexpOf(c, a[1].Text(), flags)
	if err != nil {
		return pgtype.Null, err
	}
	which := int64(1)
	if p.global {
		which = 0
	}
	return replaceMatches(p.re, a[0].Text(), a[2].Text(), 0, which)
}

// regexpReplaceFrom is regexp_replace with a start and perhaps the number of the match.
func regexpReplaceFrom(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	start, which := a[3].Int(), optionalInt(a, 4, 1)
	if err := atLeast("start", start, 1); err != nil {
		return pgtype.Null, err
	}
	if err := atLeast("n", which, 0); err != nil {
		return pgtype.Null, err
	}
	p, err := regexpOf(c, a[1].Text(), optionalText(a, 5))
	if err != nil {
		return pgtype.Null, err
	}
	s := a[0].Text()
	from, ok := startOffset(s, start)
	if !ok {
		return a[0], nil
	}
	return replaceMatches(p.re, s, a[2].Text(), from, which)
}

func atLeast(name string, value, least int64) error {
	if value < least {
		return pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": %d", name, value)
	}
	return nil
}

// startOffset is the byte position of the character number start; ok is false behind the end.
func startOffset(s string, start int64) (offset int, ok bool) {
	offset = runeOffset(s, start-1)
	return offset, offset < len(s) || start-1 <= int64(utf8.RuneCountInString(s))
}

// replaceMatches replaces the match of that number, all of them for 0.
func replaceMatches(re *regex.Regex, s, replacement string, from int, which int64) (pgtype.Datum, error) {
	var out []byte
	copied, number := 0, int64(0)
	tooLong := false
	err := eachMatch(re, s, from, func(loc []int) bool {
		number++
		if which > 0 && number != which {
			return true
		}
		out = append(out, s[copied:loc[0]]...)
		out = appendReplacement(out, replacement, s, loc)
		copied = loc[1]
		tooLong = len(out) > maxText
		return which == 0 && !tooLong
	})
	switch {
	case err != nil:
		return pgtype.Null, err
	case tooLong:
		return pgtype.Null, errTooLong()
	}
	return pgtype.Bytes(append(out, s[copied:]...)), nil
}

// appendReplacement appends the replacement with \1 … \9 and \& filled in.
func appendReplacement(out []byte, replacement, s string, loc []int) []byte {
	for {
		i := strings.IndexByte(replacement, '\\')
		if i < 0 {
			return append(out, replacement...)
		}
		out = append(out, replacement[:i]...)
		replacement = replacement[i+1:]
		if replacement == "" {
			return append(out, '\\')
		}
		switch c := replacement[0]; {
		case c >= '1' && c <= '9':
			out = append(out, capture(s, loc, int(c-'0')).Text()...)
		case c == '&':
			out = append(out, s[loc[0]:loc[1]]...)
		case c == '\\':
			out = append(out, '\\')
		default:
			out = append(out, '\\')
			continue
		}
		replacement = replacement[1:]
	}
}

// notGlobal compiles for a function that refuses the flag g.
func notGlobal(c *Call, function, hint, pattern, flags string) (*regex.Regex, error) {
	p, err := regexpOf(c, pattern, flags)
	if err != nil {
		return nil, err
	}
	if p.global {
		e := pgerr.Newf(pgerr.InvalidParameterValue, "%s() does not support the \"global\" option", function)
		e.Hint = hint
		return nil, e
	}
	return p.re, nil
}

func regexpMatch(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	re, err := notGlobal(c, "regexp_match", "Use the regexp_matches function instead.", a[1].Text(), optionalText(a, 2))
	if err != nil {
		return pgtype.Null, err
	}
	loc, err := re.Find(a[0].Text(), 0)
	if err != nil || loc == nil {
		return pgtype.Null, err
	}
	return captures(a[0].Text(), loc, re.Captures()), nil
}

// datumRows are rows that were computed at once.
type datumRows []pgtype.Datum

func (r *datumRows) Next() (pgtype.Datum, bool, error) {
	if len(*r) == 0 {
		return pgtype.Null, false, nil
	}
	d := (*r)[0]
	*r = (*r)[1:]
	return d, true, nil
}

func regexpMatches(c *Call, a []pgtype.Datum) (Rows, error) {
	p, err := regexpOf(c, a[1].Text(), optionalText(a, 2))
	if err != nil {
		return nil, err
	}
	var rows datumRows
	s := a[0].Text()
	err = eachMatch(p.re, s, 0, func(loc []int) bool {
		rows = append(rows, captures(s, loc, p.re.Captures()))
		return p.global
	})
	return &rows, err
}

// splitFields cuts at the matches; empty ones at the ends or right behind another do not count.
func splitFields(c *Call, function string, a []pgtype.Datum) ([]pgtype.Datum, error) {
	re, err := notGlobal(c, function, "", a[1].Text(), optionalText(a, 2))
	if err != nil {
		return nil, err
	}
	s := a[0].Text()
	var fields []pgtype.Datum
	begin, lastEnd := 0, 0
	err = eachMatch(re, s, 0, func(loc []int) bool {
		if loc[0] < len(s) && loc[1] > lastEnd {
			fields = append(fields, pgtype.Text(s[begin:loc[0]]))
			begin = loc[1]
		}
		lastEnd = loc[1]
		return true
	})
	return append(fields, pgtype.Text(s[begin:])), err
}

func regexpSplitToArray(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	fields, err := splitFields(c, "regexp_split_to_array", a)
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.NewArrayValue(pgtype.TextType, fields), nil
}

func regexpSplitToTable(c *Call, a []pgtype.Datum) (Rows, error) {
	fields, err := splitFields(c, "regexp_split_to_table", a)
	rows := datumRows(fields)
	return &rows, err
}

func regexpCount(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	start := optionalInt(a, 2, 1)
	if err := atLeast("start", start, 1); err != nil {
		return pgtype.Null, err
	}
	re, err := notGlobal(c, "regexp_count", "", a[1].Text(), optionalText(a, 3))
	if err != nil {
		return pgtype.Null, err
	}
	count := int64(0)
	if from, ok := startOffset(a[0].Text(), start); ok {
		err = eachMatch(re, a[0].Text(), from, func([]int) bool { count++; return true })
	}
	return pgtype.Int(count), err
}

func regexpLike(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	re, err := notGlobal(c, "regexp_like", "", a[1].Text(), optionalText(a, 2))
	if err != nil {
		return pgtype.Null, err
	}
	match, err := re.Match(a[0].Text())
	return pgtype.Bool(match), err
}

// nthMatch finds match number n from character start on.
func nthMatch(re *regex.Regex, s string, start, n int64) (found []int, err error) {
	from, ok := startOffset(s, start)
	if !ok {
		return nil, nil
	}
	err = eachMatch(re, s, from, func(loc []int) bool {
		if n--; n == 0 {
			found = loc
		}
		return n > 0
	})
	return found, err
}

func regexpInstr(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s, start, n, endOption, sub := a[0].Text(), optionalInt(a, 2, 1), optionalInt(a, 3, 1), optionalInt(a, 4, 0), optionalInt(a, 6, 0)
	if err := atLeast("start", start, 1); err != nil {
		return pgtype.Null, err
	}
	if err := atLeast("n", n, 1); err != nil {
		return pgtype.Null, err
	}
	if endOption != 0 && endOption != 1 {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"endoption\": %d", endOption)
	}
	if err := atLeast("subexpr", sub, 0); err != nil {
		return pgtype.Null, err
	}
	re, err := notGlobal(c, "regexp_instr", "", a[1].Text(), optionalText(a, 5))
	if err != nil {
		return pgtype.Null, err
	}
	loc, err := nthMatch(re, s, start, n)
	if err != nil || loc == nil || sub > int64(re.Captures()) || loc[2*sub] < 0 {
		return pgtype.Int(0), err
	}
	return pgtype.Int(int64(utf8.RuneCountInString(s[:loc[2*sub+endOption]])) + 1), nil
}

func regexpSubstr(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s, start, n, sub := a[0].Text(), optionalInt(a, 2, 1), optionalInt(a, 3, 1), optionalInt(a, 5, 0)
	if err := atLeast("start", start, 1); err != nil {
		return pgtype.Null, err
	}
	if err := atLeast("n", n, 1); err != nil {
		return pgtype.Null, err
	}
	if err := atLeast("subexpr", sub, 0); err != nil {
		return pgtype.Null, err
	}
	re, err := notGlobal(c, "regexp_substr", "", a[1].Text(), optionalText(a, 4))
	if err != nil {
		return pgtype.Null, err
	}
	loc, err := nthMatch(re, s, start, n)
	if err != nil || loc == nil || sub > int64(re.Captures()) {
		return pgtype.Null, err
	}
	return capture(s, loc, int(sub)), nil
}
