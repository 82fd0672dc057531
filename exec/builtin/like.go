package builtin

import (
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// likeFamily is LIKE, ILIKE and what turns their patterns, and those of SIMILAR TO, into others.
var likeFamily = []Def{
	{Name: "textlike", Scalar: like(false, false, true)},
	{Name: "textnlike", Scalar: like(false, false, false)},
	{Name: "namelike", Scalar: like(false, false, true)},
	{Name: "namenlike", Scalar: like(false, false, false)},
	{Name: "bytealike", Scalar: like(true, false, true)},
	{Name: "byteanlike", Scalar: like(true, false, false)},
	{Name: "texticlike", Scalar: like(false, true, true)},
	{Name: "texticnlike", Scalar: like(false, true, false)},
	{Name: "nameiclike", Scalar: like(false, true, true)},
	{Name: "nameicnlike", Scalar: like(false, true, false)},
	{Name: "like_escape", Scalar: likeEscape(false)},
	{Name: "like_escape_bytea", Scalar: likeEscape(true)},
	{Name: "similar_escape", Scalar: similarEscape},
	{Name: "similar_to_escape_1", Scalar: similarEscape},
	{Name: "similar_to_escape_2", Scalar: similarEscape},
}

// like makes a LIKE function; want is false for NOT LIKE.
func like(bytewise, fold, want bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		s, pattern := a[0].Text(), a[1].Text()
		p, ok := c.Cache.(*likePattern)
		if !ok || p.source != pattern {
			p = compileLike(strings.Clone(pattern), bytewise, fold)
			c.Cache = p
		}
		if fold {
			s = lower(s)
		}
		match, err := p.match(s)
		if err != nil {
			return pgtype.Null, err
		}
		return pgtype.Bool(match == want), nil
	}
}

// likePattern is a pattern cut at its percent signs. The first segment begins where the text does, the last one ends where the text does.
type likePattern struct {
	source   string
	bytewise bool
	segments []likeSegment
	// badEnd says that the pattern ends in its escape character: an error if a text gets that far. The segments then are those of the pattern in front
	// of it, followed by any one character and a percent sign.
	badEnd bool
}

// likeSegment is literal text, in which the bytes marked by any stand for one character of whatever kind.
type likeSegment struct {
	text string
	any  []bool // nil: none
}

func compileLike(pattern string, bytewise, fold bool) *likePattern {
	p := &likePattern{source: pattern, bytewise: bytewise}
	if fold {
		pattern = lower(pattern)
	}
	var text []byte
	var anyAt []bool
	hasAny := false
	flush := func() {
		s := likeSegment{text: string(text)}
		if hasAny {
			s.any = append([]bool(nil), anyAt...)
		}
		p.segments = append(p.segments, s)
		text, anyAt, hasAny = text[:0], anyAt[:0], false
	}
	for i := 0; i < len(pattern); i++ {
		c, wild := pattern[i], false
		switch c {
		case '%':
			flush()
			continue
		case '_':
			wild, hasAny = true, true
		case '\\':
			if i++; i == len(pattern) {
				p.badEnd = true
				text, anyAt, hasAny = append(text, '_'), append(anyAt, true), true
				flush()
				continue
			}
			c = pattern[i]
		}
		text, anyAt = append(text, c), append(anyAt, wild)
	}
	flush()
	return p
}

func (p *likePattern) match(s string) (bool, error) {
	ok := p.matches(s)
	if p.badEnd {
		if ok {
			return false, pgerr.New(pgerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
		}
		return false, nil
	}
	return ok, nil
}

func (p *likePattern) matches(s string) bool {
	first, last := p.segments[0], p.segments[len(p.segments)-1]
	n := p.prefix(first, s)
	if n < 0 {
		return false
	}
	if len(p.segments) == 1 {
		return n == len(s)
	}
	s = s[n:]
	for _, segment := range p.segments[1 : len(p.segments)-1] {
		end := p.find(segment, s)
		if end < 0 {
			return false
		}
		s = s[end:]
	}
	if last.any == nil {
		return strings.HasSuffix(s, last.text)
	}
	return p.suffix(last, s)
}

// prefix is the length of what the segment matches at the start of s, -1 when it does not.
func (p *likePattern) prefix(segment likeSegment, s string) int {
	if segment.any == nil {
		if strings.HasPrefix(s, segment.text) {
			return len(segment.text)
		}
		return -1
	}
	at := 0
	for i := 0; i < len(segment.text); i++ {
		switch {
		case at >= len(s):
			return -1
		case !segment.any[i]:
			if s[at] != segment.text[i] {
				return -1
			}
			at++
		case p.bytewise:
			at++
		default:
			_, n := utf8.DecodeRuneInString(s[at:])
			at += n
		}
	}
	return at
}

// find is the end of the first place in s where the segment matches, -1 when there is none.
func (p *likePattern) find(segment likeSegment, s string) int {
	if segment.any == nil {
		i := strings.Index(s, segment.text)
		if i < 0 {
			return -1
		}
		return i + len(segment.text)
	}
	for i := 0; i <= len(s); i++ {
		if !p.bytewise && i < len(s) && !utf8.RuneStart(s[i]) {
			continue
		}
		if n := p.prefix(segment, s[i:]); n >= 0 {
			return i + n
		}
	}
	return -1
}

// suffix tells whether the segment matches at the end of s: it takes a known number of characters, so it can begin at one place only.
func (p *likePattern) suffix(segment likeSegment, s string) bool {
	for i := len(s); i >= 0; i-- {
		if !p.bytewise && i < len(s) && !utf8.RuneStart(s[i]) {
			continue
		}
		if n := p.prefix(segment, s[i:]); n == len(s)-i {
			return true
		}
	}
	return false
}

func errEscapeString() error {
	return pgerr.New(pgerr.InvalidEscapeSequence, "invalid escape string").WithHint("Escape string must be empty or one character.")
}

// checkEscape gives the escape character of an ESCAPE clause, empty for none.
func checkEscape(escape string, bytewise bool) (string, error) {
	if bytewise && len(escape) > 1 || !bytewise && utf8.RuneCountInString(escape) > 1 {
		return "", errEscapeString()
	}
	return escape, nil
}

// likeEscape turns a pattern with another escape character, or none, into one whose escape character is the backslash.
func likeEscape(bytewise bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		escape, err := checkEscape(a[1].Text(), bytewise)
		if err != nil {
			return pgtype.Null, err
		}
		pattern := a[0].Text()
		if escape == `\` {
			return a[0], nil
		}
		var out strings.Builder
		escaped := false
		for pattern != "" {
			if escape != "" && !escaped && strings.HasPrefix(pattern, escape) {
				out.WriteByte('\\')
				pattern, escaped = pattern[len(escape):], true
				continue
			}
			if pattern[0] == '\\' && !escaped {
				out.WriteByte('\\')
			}
			out.WriteByte(pattern[0])
			pattern, escaped = pattern[1:], false
		}
		return pgtype.Text(out.String()), nil
	}
}

// similarEscape turns a pattern of SIMILAR TO into a regular expression. The older form, which is not strict, takes a NULL escape for the default.
func similarEscape(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, nil
	}
	escape := `\`
	if len(a) == 2 && !a[1].IsNull() {
		var err error
		if escape, err = checkEscape(a[1].Text(), false); err != nil {
			return pgtype.Null, err
		}
	}
	s, err := similarToRegex(a[0].Text(), escape)
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Text(s), nil
}

func similarToRegex(pattern, escape string) (string, error) {
	var out strings.Builder
	out.WriteString("^(?:")
	escaped, inClass, quotes := false, false, 0
	for pattern != "" {
		_, n := utf8.DecodeRuneInString(pattern)
		c := pattern[:n]
		pattern = pattern[n:]
		switch {
		case escaped && c == `"` && !inClass:
			// The separators cut the pattern in three; the outer parts match as little as possible.
			switch quotes++; quotes {
			case 1:
				out.WriteString("){1,1}?(")
			case 2:
				out.WriteString("){1,1}(?:")
			default:
				return "", pgerr.New(pgerr.InvalidUseOfEscapeCharacter, "SQL regular expression may not contain more than two escape-double-quote separators")
			}
			escaped = false
		case escaped:
			out.WriteString(`\` + c)
			escaped = false
		case escape != "" && c == escape:
			escaped = true
		case inClass:
			if c == `\` {
				out.WriteByte('\\')
			}
			out.WriteString(c)
			inClass = c != "]"
		case c == "[":
			out.WriteString(c)
			inClass = true
		case c == "%":
			out.WriteString(".*")
		case c == "_":
			out.WriteString(".")
		case c == "(":
			out.WriteString("(?:")
		case c == `\`, c == ".", c == "^", c == "$":
			out.WriteString(`\` + c)
		default:
			out.WriteString(c)
		}
	}
	out.WriteString(")$")
	return out.String(), nil
}
