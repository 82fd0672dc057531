package regex

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTreeAgreesWithGo: where Go's regexp is used, the tree finds the same match.
func TestTreeAgreesWithGo(t *testing.T) {
	texts := []string{"", "a", "aab", "abcabc", "x1y22z", "éaé", "key=value; k=v", strings.Repeat("ab", 50)}
	for _, pattern := range []string{`a*`, `a+b`, `(ab)+`, `(\w+)=(\w+)`, `[0-9]+`, `^a`, `b$`, `x.*z`, `a.*?b`, `(a)(b)?`, `é`, `[^a]+`, `(?i)AB`, `a{2}`, `$`} {
		r, err := Compile(pattern, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.filter {
			t.Errorf("%s: not left to Go", pattern)
		}
		for _, s := range texts {
			fast, err := r.Find(s, 0)
			if err != nil {
				t.Fatal(err)
			}
			slow, err := newMatcher(r, s).search(0, true)
			if err != nil || fmt.Sprint(fast) != fmt.Sprint(slow) {
				t.Errorf("%s on %q: Go %v, tree %v (%v)", pattern, s, fast, slow, err)
			}
		}
	}
}

// TestBounded: no pattern runs for long.
func TestBounded(t *testing.T) {
	for _, c := range []struct{ pattern, text string }{
		{`^(a+)+$`, strings.Repeat("a", 5000) + "b"},
		{`(a*)*\1b`, strings.Repeat("a", 200)},
		{`(a|aa)+(?=c)`, strings.Repeat("a", 2000)},
		{`((a*)*)*`, strings.Repeat("a", 500)},
		{`(x+x+)+y\M`, strings.Repeat("x", 300)},
		{`(.*)(.*)(.*)(.*)(.*)z\1`, strings.Repeat("a", 100)},
		{strings.Repeat("(", 900) + strings.Repeat(")", 900), ""},
		{strings.Repeat("(a{0,255}){0,255}", 4), "aaaa"},
	} {
		start := time.Now()
		r, err := Compile(c.pattern, Options{})
		if err == nil {
			_, err = r.Find(c.text, 0)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%.40s took %v (%v)", c.pattern, d, err)
		}
	}
	if _, err := Compile(strings.Repeat("(", 100000), Options{}); err == nil {
		t.Error("100,000 open parentheses are taken")
	}
}
