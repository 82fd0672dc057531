package parse

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// maxChain is how deep a tree of left-associative operators may become. The C code walks the tree recursively when it hands it over, at some 300 to 500
// bytes of stack a level, and would overflow the thread's 8 MB at about 16,000 levels; PostgreSQL gives up below 5,000.
const maxChain = 6000

// minChainBytes is the shortest text that can hold maxChain operators ("+1"): shorter texts need no scan.
const minChainBytes = 2 * maxChain

// checkDepth refuses texts whose tree could be so deep that the C code overflows its stack. What nests to the right (parentheses, NOT, CASE) is
// bounded by the grammar itself, which gives up at 10,000 pending symbols; what it builds to the left is not: a + b + c …, casts, joins, UNION. The
// estimate adds the chains of all open parentheses. AND and OR and lists make flat nodes and so start a new chain.
func checkDepth(s string) error {
	if len(s) < minChainBytes {
		return nil
	}
	chain := []int{0} // operators since the last break, per open parenthesis
	total := 0
	l := lexer{s: s}
	for {
		t := l.next()
		top := len(chain) - 1
		switch t.kind {
		case endOfText:
			return nil
		case operator:
			chain[top]++
			total++
		case word:
			switch chainWord(s[t.from:t.to]) {
			case extends:
				chain[top]++
				total++
			case breaks:
				total -= chain[top]
				chain[top] = 0
			}
		case punctuation:
			switch s[t.from] {
			case '(', '[':
				// The contents lie below what is pending outside. A subscript is one more level to the left: a[1][2]…; parentheses
				// alone make no level, and calls and subqueries inside each other are few enough by the grammar's own limit.
				if s[t.from] == '[' {
					chain[top]++
					total++
				}
				chain = append(chain, 0)
			case ')', ']':
				if top > 0 {
					total -= chain[top]
					chain = chain[:top]
				}
			case ',', ';':
				total -= chain[top]
				chain[top] = 0
			}
		}
		if total > maxChain {
			return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
				WithHint("Split the expression: it chains more than %d operators.", maxChain)
		}
	}
}

type chainEffect uint8

const (
	neutral chainEffect = iota
	extends
	breaks
)

func chainWord(w string) chainEffect {
	if len(w) > 10 {
		return neutral
	}
	switch strings.ToLower(w) {
	case "and", "or", "when", "then", "else", "from", "where", "group", "having", "order", "limit", "values", "set":
		return breaks
	case "join", "union", "except", "intersect", "is", "isnull", "notnull", "at", "collate", "like", "ilike", "similar", "in", "between":
		return extends
	}
	return neutral
}
