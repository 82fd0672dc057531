package exec

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// copyCondition binds the WHERE of a COPY FROM and writes it with bare column names; "" for none.
func (s *Session) copyCondition(st *parse.Statement, rel *desc.Relation, where *pg_query.Node) (string, error) {
	if where == nil {
		return "", nil
	}
	bound, err := bind.BindExpr(s.bindEnv(), where, bind.Stored{Kind: bind.CopyWhere, Relation: rel, Rel: 1, Source: st.Source})
	if err != nil {
		return "", err
	}
	for _, n := range bound.Columns {
		c := rel.ColumnByNum(n)
		if n < 0 {
			return "", pgerr.Unsupported("a system column in the WHERE of COPY FROM")
		}
		if c != nil && c.Generated != 0 {
			return "", pgerr.New(pgerr.InvalidColumnReference, "generated columns are not supported in COPY FROM WHERE conditions").
				WithDetail("Column \"%s\" is a generated column.", c.Name)
		}
	}
	return bind.Deparse(bound.Expr, bind.DeparseOptions{Text: s.settings.Text()}), nil
}

// filteredInsert is the INSERT of a COPY FROM with WHERE: the condition sees the whole row, defaults included, so they are computed before it.
func (s *Session) filteredInsert(rel *desc.Relation, columns []desc.Column, where string) string {
	given := make(map[int16]string, len(columns))
	for i, c := range columns {
		given[c.Num] = "$" + strconv.Itoa(i+1)
	}
	var names, values []string
	for _, c := range rel.Columns {
		if c.Dropped || c.Generated != 0 {
			continue
		}
		value := given[c.Num]
		switch {
		case value != "":
		case c.Default != "":
			value = c.Default
		case c.Identity != 0:
			value = s.identityValue(rel, c.Num)
		default:
			value = "NULL"
		}
		names = append(names, pgtype.QuoteIdentifier(c.Name))
		values = append(values, fmt.Sprintf("(%s)::%s AS %s", value, s.reader().Type(c.Type), pgtype.QuoteIdentifier(c.Name)))
	}
	list := strings.Join(names, ", ")
	return fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM (SELECT %s OFFSET 0) AS %s WHERE %s",
		s.relationSQL(rel), list, list, strings.Join(values, ", "), pgtype.QuoteIdentifier(rel.Name), where)
}

// identityValue is the call that gives an identity column its next value.
func (s *Session) identityValue(rel *desc.Relation, num int16) string {
	for q := range s.reader().RelationsIn(rel.Schema) {
		if q.OwnedInternal && q.OwnedBy == (desc.ColumnRef{Relation: rel.OID, Num: num}) {
			return fmt.Sprintf("nextval(%d::oid::regclass)", q.OID)
		}
	}
	return "NULL"
}

// shownInContext is how many bytes of a line or value the context of an error shows.
const shownInContext = 100

// shortened cuts what the context of an error shows.
func shortened(text string) string {
	if len(text) <= shownInContext {
		return text
	}
	end := shownInContext
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
