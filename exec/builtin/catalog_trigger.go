package builtin

import (
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/catalog/pgcatalog"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// getTriggerDef prints CREATE CONSTRAINT TRIGGER for the internal trigger of a constraint.
func getTriggerDef(ext bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		t, ok := pgcatalog.TriggerByOID(c.Env.Catalog(), a[0].OID())
		if !ok {
			return pgtype.Null, nil
		}
		return pgtype.Text(triggerDef(c, t, ext && a[1].Bool())), nil
	}
}

func triggerDef(c *Call, t pgcatalog.Trigger, pretty bool) string {
	var b strings.Builder
	b.WriteString("CREATE CONSTRAINT TRIGGER " + pgtype.QuoteIdentifier(t.Name) + " AFTER ")
	var events []string
	for _, e := range []struct {
		bit  int
		word string
	}{{4, "INSERT"}, {8, "DELETE"}, {16, "UPDATE"}} {
		if t.Events&e.bit != 0 {
			events = append(events, e.word)
		}
	}
	b.WriteString(strings.Join(events, " OR ") + " ON " + tableName(c, t.Table, pretty) + " ")
	if t.Other != nil {
		b.WriteString("FROM " + relationName(c, t.Other) + " ")
	}
	if !t.Deferrable {
		b.WriteString("NOT ")
	}
	b.WriteString("DEFERRABLE INITIALLY ")
	if t.Deferred {
		b.WriteString("DEFERRED ")
	} else {
		b.WriteString("IMMEDIATE ")
	}
	b.WriteString("FOR EACH ROW EXECUTE FUNCTION ")
	if p := pgfacts.ProcByOID(t.Function); p != nil {
		b.WriteString(pgtype.QuoteIdentifier(p.Name))
	}
	b.WriteString("()")
	return b.String()
}

// tableName is a relation's name: in full, or pretty as the search path finds it.
func tableName(c *Call, rel *desc.Relation, pretty bool) string {
	if pretty {
		return relationName(c, rel)
	}
	return qualifiedName(c.Env.Catalog(), rel)
}
