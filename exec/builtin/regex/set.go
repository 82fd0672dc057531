package regex

import (
	"sort"
	"unicode"
)

// span is a range of characters.
type span struct{ low, high rune }

// classRef is a named class in a set, or its complement.
type classRef struct {
	class    string
	negative bool
}

// set is a set of characters.
type set struct {
	negative bool
	ranges   []span
	classes  []classRef
	folded   bool // without case
}

func single(r rune) *set { return &set{ranges: []span{{r, r}}} }

// class is a named character class: its Go syntax inside of brackets and its test.
type class struct {
	syntax string
	has    func(rune) bool
}

func isWord(r rune) bool { return r == '_' || isAlnum(r) }

func isAlpha(r rune) bool {
	if r < 0x80 {
		return isLetter(byte(r))
	}
	return unicode.In(r, unicode.L, unicode.Nd, unicode.Nl)
}

func isAlnum(r rune) bool { return r >= '0' && r <= '9' || isAlpha(r) }

func isSpace(r rune) bool {
	switch {
	case r < 0x80:
		return r == ' ' || r >= '\t' && r <= '\r'
	case r == 0xA0 || r == 0x2007 || r == 0x202F || r == 0x85: // no-break
		return false
	}
	return unicode.IsSpace(r)
}

func isGraph(r rune) bool {
	if r < 0x80 {
		return r > ' ' && r < 0x7f
	}
	return !isSpace(r) && (unicode.IsPrint(r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cf, r) || r == 0xA0 || r == 0x2007 || r == 0x202F)
}

func isPunct(r rune) bool { return isGraph(r) && !isAlnum(r) }

// classes are the names in [:name:].
var classes = map[string]class{
	"alpha":  {`\p{L}\p{Nl}` + otherDigits, isAlpha},
	"alnum":  {`0-9\p{L}\p{Nl}\p{Nd}`, isAlnum},
	"word":   {`0-9_\p{L}\p{Nl}\p{Nd}`, isWord},
	"digit":  {`0-9`, func(r rune) bool { return r >= '0' && r <= '9' }},
	"xdigit": {`0-9A-Fa-f`, func(r rune) bool { return r < 0x80 && digitOf(byte(r)) < 16 }},
	"upper":  {`\p{Lu}`, unicode.IsUpper},
	"lower":  {`\p{Ll}`, unicode.IsLower},
	"space":  {` \t-\r\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}`, isSpace},
	"blank":  {` \t\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{205F}\x{3000}`, func(r rune) bool { return r == '\t' || isSpace(r) && unicode.Is(unicode.Zs, r) }},
	"cntrl":  {`\x00-\x1F\x7F-\x{9F}`, unicode.IsControl},
	"ascii":  {`\x00-\x7F`, func(r rune) bool { return r < 0x80 }},
	"graph":  {``, isGraph},
	"print":  {``, func(r rune) bool { return r == ' ' || isGraph(r) || isSpace(r) && unicode.Is(unicode.Zs, r) }},
	"punct":  {``, isPunct},
}

// otherDigits are the decimal digits that are not ASCII's, which C counts as letters.
var otherDigits = func() string {
	var s string
	for _, r := range unicode.Nd.R16 {
		if r.Lo >= 0x80 {
			s += string(rune(r.Lo)) + "-" + string(rune(r.Hi))
		}
	}
	for _, r := range unicode.Nd.R32 {
		s += string(rune(r.Lo)) + "-" + string(rune(r.Hi))
	}
	return s
}()

func (s *set) has(r rune) bool {
	if s.folded {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if s.plain(f) {
				return !s.negative
			}
		}
	}
	return s.plain(r) != s.negative
}

func (s *set) plain(r rune) bool {
	for _, x := range s.ranges {
		if r >= x.low && r <= x.high {
			return true
		}
	}
	for _, c := range s.classes {
		if classes[c.class].has(r) != c.negative {
			return true
		}
	}
	return false
}

// spans lists a class's characters; negative gives those that are not in it.
func (c classRef) spans() []span {
	var out []span
	has := classes[c.class].has
	open := false
	for r := rune(0); r <= unicode.MaxRune; r++ {
		switch in := has(r) != c.negative; {
		case in && !open:
			out = append(out, span{r, r})
			open = true
		case in:
			out[len(out)-1].high = r
		default:
			open = false
		}
	}
	return out
}

// normalized is the ranges in order, those that touch joined.
func normalized(spans []span) []span {
	sort.Slice(spans, func(i, j int) bool { return spans[i].low < spans[j].low })
	var out []span
	for _, x := range spans {
		if n := len(out); n > 0 && x.low <= out[n-1].high+1 {
			out[n-1].high = max(out[n-1].high, x.high)
			continue
		}
		out = append(out, x)
	}
	return out
}
