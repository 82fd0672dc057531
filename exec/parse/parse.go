package parse

import (
	"strings"
	"unicode/utf8"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"github.com/pganalyze/pg_query_go/v5/parser"
	"google.golang.org/protobuf/proto"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// TableClass is the class of table that kalampg's forms of CREATE TABLE ask for.
type TableClass byte

// The classes that a form of CREATE TABLE can name; 0 is the standard form.
const (
	UserTable   TableClass = 'u' // CREATE USER TABLE
	StreamTable TableClass = 't' // CREATE STREAM TABLE
	SharedTable TableClass = 's' // CREATE SHARED TABLE
)

// Statement is one parsed statement.
type Statement struct {
	Node *pg_query.Node
	// Source is the whole text, to which the tree's locations (byte offsets) and error positions refer; Text is the statement's own part of it.
	Source string
	Text   string
	Offset int // of Text in Source

	// Truncated are the notices about names that are too long and have been cut.
	Truncated []*pgerr.Error

	Class  TableClass // of CREATE USER|STREAM|SHARED TABLE
	AsUser string     // of EXECUTE AS USER 'name' (statement); the statement is in Node
}

// Position turns a location of the tree into the character position of an error; 0 for an unknown location.
func (s *Statement) Position(location int32) int { return Position(s.Source, location) }

// Position counts characters up to a byte offset, from 1; 0 for a negative offset.
func Position(source string, offset int32) int {
	if offset < 0 || int(offset) > len(source) {
		return 0
	}
	return utf8.RuneCountInString(source[:offset]) + 1
}

// maxNesting bounds the depth of the tree that is taken over from the C parser: far above what the grammar's own limit of 10,000 pending symbols and
// depth.go let through, so it never decides.
const maxNesting = 1 << 20

// Parse parses a text of any number of statements. A text without statements (empty, comments, semicolons) gives none and no error.
func Parse(text string) ([]*Statement, error) {
	if err := checkEncoding(text); err != nil {
		return nil, err
	}
	if s := quick(text); s != nil {
		return []*Statement{s}, nil
	}
	if err := checkDepth(text); err != nil {
		return nil, err
	}
	standard, marks, err := rewriteWords(text)
	if err != nil {
		return nil, err
	}
	tree, err := parseTree(blankComments(standard))
	if err != nil {
		return nil, err
	}
	list := split(text, tree, marks)
	if long := truncated(text); long != nil && len(list) > 0 {
		list[0].Truncated = long
	}
	return list, nil
}

// Expression parses one expression, as stored texts (defaults, checks, index expressions) are. Locations in the node refer to "SELECT " and text.
func Expression(text string) (*pg_query.Node, error) {
	stmts, err := Parse("SELECT " + text)
	if err != nil {
		return nil, err
	}
	if len(stmts) == 1 {
		sel := stmts[0].Node.GetSelectStmt()
		if sel != nil && len(sel.TargetList) == 1 && sel.FromClause == nil {
			return sel.TargetList[0].GetResTarget().GetVal(), nil
		}
	}
	return nil, pgerr.Newf(pgerr.SyntaxError, "%q is not an expression", text)
}

// TypeName parses the name of a type with its modifiers ("numeric(10,2)[]").
func TypeName(text string) (*pg_query.TypeName, error) {
	n, err := Expression("NULL::" + text)
	if err != nil {
		if e, ok := pgerr.As(err); ok && e.Code == pgerr.SyntaxError {
			return nil, pgerr.Newf(pgerr.SyntaxError, "invalid type name \"%s\"", text)
		}
		return nil, err
	}
	if c := n.GetTypeCast(); c != nil && c.Arg.GetAConst().GetIsnull() {
		return c.TypeName, nil
	}
	return nil, pgerr.Newf(pgerr.SyntaxError, "invalid type name \"%s\"", text)
}

func parseTree(text string) (*pg_query.ParseResult, error) {
	wire, err := parser.ParseToProtobuf(text)
	if err != nil {
		return nil, grammarError(text, err)
	}
	tree := &pg_query.ParseResult{}
	if err := (proto.UnmarshalOptions{RecursionLimit: maxNesting}).Unmarshal(wire, tree); err != nil {
		return nil, pgerr.Wrap(err, pgerr.StatementTooComplex, "statement is too complex")
	}
	return tree, nil
}

func split(text string, tree *pg_query.ParseResult, marks []mark) []*Statement {
	out := make([]*Statement, 0, len(tree.Stmts))
	for _, raw := range tree.Stmts {
		from := int(raw.StmtLocation)
		to := len(text)
		if raw.StmtLen > 0 {
			to = from + int(raw.StmtLen)
		}
		s := &Statement{Node: raw.Stmt, Source: text}
		for _, m := range marks {
			if m.from >= from && m.from < to {
				s.Class, s.AsUser = m.class, m.asUser
				if m.to > to {
					to = m.to
				}
				from = m.from
			}
		}
		own := text[from:to]
		trimmed := strings.TrimLeft(own, " \t\r\n\f")
		s.Offset = from + len(own) - len(trimmed)
		s.Text = strings.TrimRight(trimmed, " \t\r\n\f")
		out = append(out, s)
	}
	return out
}

func checkEncoding(text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return pgerr.New(pgerr.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": 0x00`)
	}
	if utf8.ValidString(text) {
		return nil
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return pgerr.Newf(pgerr.CharacterNotInRepertoire, `invalid byte sequence for encoding "UTF8": %s`, badSequence(text[i:]))
			}
		}
	}
	return nil
}

// badSequence shows the bytes that a character of the first byte's length would have.
func badSequence(s string) string {
	n := 1
	switch c := s[0]; {
	case c >= 0xf0 && c < 0xf8:
		n = 4
	case c >= 0xe0 && c < 0xf0:
		n = 3
	case c >= 0xc0 && c < 0xe0:
		n = 2
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < n && i < len(s); i++ {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("0x")
		b.WriteByte(hex[s[i]>>4])
		b.WriteByte(hex[s[i]&15])
	}
	return b.String()
}
