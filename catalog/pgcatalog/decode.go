package pgcatalog

import (
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// decodeRows turns a catalog's facts into rows of the relation's columns. A fact that is empty is NULL unless the column is NOT NULL; a column without a fact
// (pg_rewrite.ev_action) is empty or NULL likewise.
func decodeRows(rel *desc.Relation, facts *pgfacts.Table) [][]pgtype.Datum {
	position := make([]int, len(rel.Columns))
	for i, c := range rel.Columns {
		position[i] = facts.Column(c.Name)
	}
	cells := make([]pgtype.Datum, len(facts.Rows)*len(rel.Columns))
	rows := make([][]pgtype.Datum, len(facts.Rows))
	for i, fact := range facts.Rows {
		row := cells[:len(rel.Columns):len(rel.Columns)]
		cells = cells[len(rel.Columns):]
		for j, c := range rel.Columns {
			s := ""
			if position[j] >= 0 {
				s = fact[position[j]]
			}
			if s != "" || c.NotNull {
				row[j] = decodeCell(c.Type, s)
			}
		}
		resolveProcs(rel, row, facts, fact)
		rows[i] = row
	}
	return rows
}

// decodeCell reads the text form of a value of the types that catalogs have.
func decodeCell(typ pgtype.OID, s string) pgtype.Datum {
	switch typ {
	case pgtype.OIDBool:
		return pgtype.Bool(s == "t")
	case pgtype.OIDQChar:
		if s == "" {
			return pgtype.Int(0)
		}
		return pgtype.Int(int64(s[0]))
	case pgtype.OIDInt2, pgtype.OIDInt4, pgtype.OIDInt8, pgtype.OIDOid, pgtype.OIDXid, pgtype.OIDRegtype:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil && typ == pgtype.OIDRegtype {
			return pgtype.Int(int64(pgtype.ByName(s).OID))
		}
		return pgtype.Int(n)
	case pgtype.OIDFloat4, pgtype.OIDFloat8:
		f, _ := strconv.ParseFloat(s, 64)
		return pgtype.Float(f)
	case pgtype.OIDRegproc:
		return pgtype.OIDValue(procByText(s))
	case pgtype.OIDInt2vector, pgtype.OIDOidvector:
		return decodeVector(pgtype.ByOID(typ), strings.Fields(s))
	}
	if t := pgtype.ByOID(typ); t != nil {
		if t = t.BaseType(); t.OID != typ {
			return decodeCell(t.OID, s)
		}
		if t.IsArray() {
			return decodeArray(t.Elem, splitArray(s))
		}
	}
	return pgtype.Text(s)
}

// procByText reads a regproc that was printed as a number or a name; 0 for "-".
func procByText(s string) pgtype.OID {
	if s == "-" || s == "" {
		return 0
	}
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return pgtype.OID(n)
	}
	procs := pgfacts.ProcsByName(strings.TrimPrefix(s, "pg_catalog."))
	if len(procs) == 0 {
		return 0
	}
	return procs[0].OID
}

// resolveProcs finds the function of an operator whose code has an overloaded name: a name alone does not tell which.
func resolveProcs(rel *desc.Relation, row []pgtype.Datum, facts *pgfacts.Table, fact []string) {
	if rel.Name != "pg_operator" {
		return
	}
	name := strings.TrimPrefix(fact[facts.Column("oprcode")], "pg_catalog.")
	left, right := fact[facts.Column("oprleft")], fact[facts.Column("oprright")]
	procs := pgfacts.ProcsByName(name)
	if len(procs) < 2 {
		return
	}
	for _, p := range procs {
		if len(p.Args) == 2 && strconv.Itoa(int(p.Args[0])) == left && strconv.Itoa(int(p.Args[1])) == right {
			for i, c := range rel.Columns {
				if c.Name == "oprcode" {
					row[i] = pgtype.OIDValue(p.OID)
				}
			}
		}
	}
}

func decodeVector(t *pgtype.Type, words []string) pgtype.Datum {
	a := &pgtype.Array{Elem: t.Elem, Dims: []pgtype.Dim{{Len: int32(len(words)), Lower: 0}}, Elems: make([]pgtype.Datum, len(words))}
	for i, w := range words {
		a.Elems[i] = decodeCell(t.Elem.OID, w)
	}
	if len(words) == 0 {
		a.Dims = nil
	}
	return pgtype.ArrayValue(a)
}

func decodeArray(elem *pgtype.Type, words []string) pgtype.Datum {
	elems := make([]pgtype.Datum, len(words))
	for i, w := range words {
		elems[i] = decodeCell(elem.OID, w)
	}
	return array(elem, elems)
}

// splitArray cuts a one-dimensional array's text form into its elements.
func splitArray(s string) []string {
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	if s == "" {
		return nil
	}
	var out []string
	var word strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
		case c == ',' && !quoted:
			out = append(out, word.String())
			word.Reset()
		default:
			word.WriteByte(c)
		}
	}
	return append(out, word.String())
}
