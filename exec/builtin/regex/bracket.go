package regex

import (
	"strings"
	"unicode/utf8"
)

// classEscape is the class of \d \s \w and of their complements.
func classEscape(c byte) (class string, negative, ok bool) {
	switch c | 0x20 {
	case 'd':
		class = "digit"
	case 's':
		class = "space"
	case 'w':
		class = "word"
	default:
		return "", false, false
	}
	return class, c&0x20 == 0, true
}

// bracket reads a bracket expression. [[:<:]] and [[:>:]] are word borders.
func (p *parser) bracket() *node {
	switch {
	case strings.HasPrefix(p.s[p.at:], "[[:<:]]"):
		p.at += 7
		return &node{kind: assert, test: wordStart}
	case strings.HasPrefix(p.s[p.at:], "[[:>:]]"):
		p.at += 7
		return &node{kind: assert, test: wordEnd}
	}
	p.at++
	s := &set{}
	if p.at < len(p.s) && p.s[p.at] == '^' {
		p.at++
		s.negative = true
	}
	for first := true; ; first = false {
		switch {
		case p.at >= len(p.s):
			p.fail(badBrackets)
		case p.s[p.at] == ']' && !first:
			p.at++
			if s.negative && p.o.StopAtLine {
				s.ranges = append(s.ranges, span{'\n', '\n'})
			}
			return &node{kind: chars, set: s}
		}
		p.element(s)
	}
}

// element reads one character, range or class of a bracket expression.
func (p *parser) element(s *set) {
	low, isClass := p.endpoint(s)
	if !strings.HasPrefix(p.s[p.at:], "-") || strings.HasPrefix(p.s[p.at:], "-]") {
		if !isClass {
			s.ranges = append(s.ranges, span{low, low})
		}
		return
	}
	if isClass {
		p.fail(badRange)
	}
	p.at++
	if p.at >= len(p.s) {
		p.fail(badBrackets)
	}
	high, isClass := p.endpoint(s)
	if isClass || low > high {
		p.fail(badRange)
	}
	s.ranges = append(s.ranges, span{low, high})
}

// endpoint reads what can begin or end a range; a class goes straight into the set.
func (p *parser) endpoint(s *set) (r rune, isClass bool) {
	rest := p.s[p.at:]
	switch {
	case strings.HasPrefix(rest, "[:"):
		name := p.named(":]", badClass)
		if _, ok := classes[name]; !ok {
			p.fail(badClass)
		}
		s.classes = append(s.classes, classRef{class: name})
		return 0, true
	case strings.HasPrefix(rest, "[."):
		return p.collating(p.named(".]", badCollating)), false
	case strings.HasPrefix(rest, "[="):
		r := p.collating(p.named("=]", badCollating))
		s.ranges = append(s.ranges, span{r, r})
		return 0, true
	case rest[0] == '\\':
		p.at++
		if p.at >= len(p.s) {
			p.fail(badEscape)
		}
		if class, negative, ok := classEscape(p.s[p.at]); ok {
			p.at++
			s.classes = append(s.classes, classRef{class, negative})
			return 0, true
		}
		return p.charEscape(), false
	}
	r, n := utf8.DecodeRuneInString(rest)
	p.at += n
	return r, false
}

// named reads [:name:] and its like.
func (p *parser) named(end, failure string) string {
	rest := p.s[p.at+2:]
	i := strings.Index(rest, end)
	if i < 0 {
		p.fail(badBrackets)
	}
	if i == 0 {
		p.fail(failure)
	}
	p.at += 2 + i + len(end)
	return rest[:i]
}

// collating is the character of a collating element: itself, or one of the few names that occur.
func (p *parser) collating(name string) rune {
	if r, n := utf8.DecodeRuneInString(name); n == len(name) {
		return r
	}
	r, ok := collatingNames[name]
	if !ok {
		p.fail(badCollating)
	}
	return r
}

var collatingNames = map[string]rune{
	"NUL": 0, "alert": 7, "backspace": 8, "tab": 9, "newline": 10, "vertical-tab": 11, "form-feed": 12, "carriage-return": 13, "space": ' ',
	"exclamation-mark": '!', "quotation-mark": '"', "number-sign": '#', "dollar-sign": '$', "percent-sign": '%', "ampersand": '&', "apostrophe": '\'',
	"left-parenthesis": '(', "right-parenthesis": ')', "asterisk": '*', "plus-sign": '+', "comma": ',', "hyphen": '-', "hyphen-minus": '-', "period": '.',
	"full-stop": '.', "slash": '/', "solidus": '/', "colon": ':', "semicolon": ';', "less-than-sign": '<', "equals-sign": '=', "greater-than-sign": '>',
	"question-mark": '?', "commercial-at": '@', "left-square-bracket": '[', "backslash": '\\', "reverse-solidus": '\\', "right-square-bracket": ']',
	"circumflex": '^', "circumflex-accent": '^', "underscore": '_', "low-line": '_', "grave-accent": '`', "left-brace": '{', "vertical-line": '|',
	"right-brace": '}', "tilde": '~', "DEL": 127,
}
