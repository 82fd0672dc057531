package regex

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// Regex is a compiled pattern. It is safe for use by several goroutines.
type Regex struct {
	root     *node
	captures int
	facts    facts

	finder  *regexp.Regexp // finds the match itself, or with filter only whether there may be one
	later   *regexp.Regexp // finder for the rest of a text, where \\A never matches; nil when other assertions look back
	filter  bool
	dissect bool // captures are taken from the tree
	ascii   bool // finder is right for ASCII texts only
	folded  bool
	groups  []*node
}

// Compile parses a pattern; errors are 2201B with PostgreSQL's texts.
func Compile(pattern string, o Options) (*Regex, error) {
	root, p, err := parse(pattern, o)
	if err != nil {
		return nil, err
	}
	r := &Regex{root: root, captures: p.captures, groups: p.groups}
	r.facts.settle(root, false)
	if r.folded = p.o.IgnoreCase; r.folded {
		fold(root)
	}
	f := r.facts
	r.filter = f.special || f.greedy && f.lazy || f.lazy && f.alternates
	r.ascii = f.borders && !r.filter
	r.dissect = r.captures > 0 && (f.alternates || f.loopCaptures > 0)
	if r.finder, err = r.translate(false); err != nil {
		if e, ok := err.(*syntax.Error); ok && (e.Code == syntax.ErrLarge || e.Code == syntax.ErrNestingDepth || e.Code == syntax.ErrInvalidRepeatSize) {
			r.filter = true // too large for Go: the tree alone will do
			return r, nil
		}
		return nil, failure(tooComplex)
	}
	switch start, other := looksBack(root); {
	case other:
	case start:
		r.later, err = r.translate(true)
	default:
		r.later = r.finder
	}
	return r, err
}

func (r *Regex) translate(later bool) (*regexp.Regexp, error) {
	t := translator{filter: r.filter, later: later}
	if r.folded {
		t.out.WriteString("(?i)")
	}
	t.node(r.root)
	re, err := regexp.Compile(t.out.String())
	if err == nil && (r.facts.greedy || r.facts.alternates || !r.facts.lazy) {
		re.Longest()
	}
	return re, err
}

// looksBack tells whether assertions of the tree depend on what lies before them: the start of the text, other ones.
func looksBack(n *node) (start, other bool) {
	if n.kind == assert {
		start = n.test == textStart
		other = n.test != textStart && n.test != textEnd && n.test != lineEnd
	}
	for _, s := range n.subs {
		subStart, subOther := looksBack(s)
		start, other = start || subStart, other || subOther
	}
	return start, other
}

func fold(n *node) {
	if n.set != nil {
		n.set.folded = true
	}
	for _, s := range n.subs {
		fold(s)
	}
}

// Captures is the number of capturing parentheses.
func (r *Regex) Captures() int { return r.captures }

// Match tells whether the pattern matches anywhere in s.
func (r *Regex) Match(s string) (bool, error) {
	if !r.byTree(s) {
		return r.finder.MatchString(s), nil
	}
	if r.finder != nil && r.filter && !r.finder.MatchString(s) {
		return false, nil
	}
	loc, err := newMatcher(r, s).search(0, false)
	return loc != nil, err
}

func (r *Regex) byTree(s string) bool { return r.filter || r.ascii && !isASCII(s) }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Find finds the first match that begins at from or later: byte positions of its start and end, then those of the captures, -1 for what did not take part; nil when there is none. What lies before from
// is seen by assertions.
func (r *Regex) Find(s string, from int) ([]int, error) {
	return r.Searcher(s).Find(from)
}

// Searcher finds the matches in one text one after the other.
type Searcher struct {
	r *Regex
	s string
	m *matcher
}

// Searcher starts on a text.
func (r *Regex) Searcher(s string) *Searcher { return &Searcher{r: r, s: s} }

// Find is Regex.Find.
func (f *Searcher) Find(from int) ([]int, error) {
	r := f.r
	if r.byTree(f.s) {
		if from == 0 && r.finder != nil && r.filter && !r.finder.MatchString(f.s) {
			return nil, nil
		}
		return f.matcher().search(from, true)
	}
	loc, err := f.goFind(from)
	if loc == nil || !r.dissect {
		return loc, err
	}
	return f.matcher().take(loc[0], loc[1])
}

func (f *Searcher) matcher() *matcher {
	if f.m == nil {
		f.m = newMatcher(f.r, f.s)
	}
	return f.m
}

// goFind searches with Go's regexp. It has no way to begin in the middle of a text, so the rest is a text of its own.
func (f *Searcher) goFind(from int) ([]int, error) {
	if from == 0 {
		return f.r.finder.FindStringSubmatchIndex(f.s), nil
	}
	if f.r.later == nil {
		return f.matcher().search(from, true)
	}
	loc := f.r.later.FindStringSubmatchIndex(f.s[from:])
	for i := range loc {
		if loc[i] >= 0 {
			loc[i] += from
		}
	}
	return loc, nil
}
