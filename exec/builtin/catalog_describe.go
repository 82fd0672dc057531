package builtin

import (
	"fmt"
	"strings"
	"sync"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// builtinComments are PostgreSQL's descriptions of its own objects.
var builtinComments = sync.OnceValue(func() map[desc.ObjectRef]string {
	t := pgfacts.Load("pg_description")
	m := make(map[desc.ObjectRef]string, len(t.Rows))
	object, class, sub, text := t.Column("objoid"), t.Column("classoid"), t.Column("objsubid"), t.Column("description")
	for _, row := range t.Rows {
		m[desc.ObjectRef{OID: parseOID(row[object]), Class: parseOID(row[class]), SubID: int32(parseOID(row[sub]))}] = row[text]
	}
	s := pgfacts.Load("pg_shdescription")
	for _, row := range s.Rows {
		m[desc.ObjectRef{OID: parseOID(row[s.Column("objoid")]), Class: parseOID(row[s.Column("classoid")])}] = row[s.Column("description")]
	}
	return m
})

// describeObject says in words what an object is, for the classes that user objects are in; NULL for an object that does not exist.
func describeObject(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	class, oid, sub := a[0].OID(), a[1].OID(), int16(a[2].Int())
	r := c.Env.Catalog()
	s := ""
	switch class {
	case desc.ClassRelation:
		s = describeRelation(c, oid, sub)
	case desc.ClassSchema:
		if x := r.Schema(oid); x != nil {
			s = "schema " + x.Name
		}
	case desc.ClassType:
		if t := r.Type(oid); t != nil {
			s = "type " + typeText(c, t, pgtype.Null)
		}
	case desc.ClassConstraint:
		if rel, k := r.Constraint(oid); k != nil {
			s = "constraint " + k.Name + " on " + describeRelation(c, rel.OID, 0)
		}
	case desc.ClassAttrdef:
		for rel := range r.Relations() {
			for i := range rel.Columns {
				if rel.Columns[i].DefaultOID == oid && rel.Columns[i].Default != "" {
					s = "default value for " + describeRelation(c, rel.OID, rel.Columns[i].Num)
				}
			}
		}
	case desc.ClassDatabase:
		if x := r.DatabaseByOID(oid); x != nil {
			s = "database " + x.Name
		}
	case desc.ClassRole:
		if x := r.Role(oid); x != nil {
			s = "role " + x.Name
		}
	case desc.ClassProc:
		if p := pgfacts.ProcByOID(oid); p != nil {
			s = "function " + strings.ReplaceAll(Signature(p), ", ", ",")
		}
	case desc.ClassRewrite:
		if rel := r.Relation(oid); rel != nil {
			s = "rule _RETURN on " + describeRelation(c, oid, 0)
		}
	}
	return textOrNull(s), nil
}

var relationWords = map[desc.RelKind]string{
	desc.Table: "table", desc.View: "view", desc.Sequence: "sequence", desc.Composite: "composite type", desc.MatView: "materialized view",
}

func describeRelation(c *Call, oid desc.OID, sub int16) string {
	r := c.Env.Catalog()
	rel := r.Relation(oid)
	if rel == nil {
		home, x := r.Index(oid)
		if x == nil {
			return ""
		}
		if relationVisible(c, home.Schema, x.Name) {
			return "index " + pgtype.QuoteIdentifier(x.Name)
		}
		return "index " + qualify(r, home.Schema, x.Name)
	}
	s := relationWords[rel.Kind] + " " + relationName(c, rel)
	if sub > 0 {
		s = "column " + columnName(rel, sub) + " of " + s
	}
	return s
}

// functionArguments lists a function's parameters as CREATE FUNCTION has them, with defaults, or as ALTER FUNCTION needs them.
func functionArguments(full bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		p := pgfacts.ProcByOID(a[0].OID())
		if p == nil {
			return pgtype.Null, nil
		}
		return pgtype.Text(parameterList(p, full)), nil
	}
}

var parameterModes = map[byte]string{'o': "OUT ", 'b': "INOUT ", 'v': "VARIADIC ", 'i': ""}

func parameterList(p *pgfacts.Proc, full bool) string {
	types, modes := p.AllArgs, p.Modes
	if types == nil {
		types = p.Args
	}
	orderBy := -1
	if p.Kind == 'a' {
		if agg := aggregateFact(p.OID); agg != nil && agg.Kind != 'n' {
			orderBy = agg.DirectArgs
		}
	}
	var b strings.Builder
	input, printed := 0, 0
	for i, t := range types {
		mode := byte('i')
		if i < len(modes) {
			mode = modes[i]
		}
		if mode == 't' {
			continue
		}
		isInput := mode != 'o'
		if isInput {
			input++
		}
		if !full && !isInput {
			continue
		}
		if printed == orderBy {
			if printed > 0 {
				b.WriteByte(' ')
			}
			b.WriteString("ORDER BY ")
		} else if printed > 0 {
			b.WriteString(", ")
		}
		printed++
		if mode == 'i' && p.Variadic != 0 && i == len(types)-1 && len(modes) == 0 {
			mode = 'v'
		}
		b.WriteString(parameterModes[mode])
		if i < len(p.ArgNames) && p.ArgNames[i] != "" {
			b.WriteString(pgtype.QuoteIdentifier(p.ArgNames[i]) + " ")
		}
		b.WriteString(typeName(t))
		if k := input - 1 - (len(p.Args) - len(p.Defaults)); full && isInput && k >= 0 && k < len(p.Defaults) {
			b.WriteString(" DEFAULT " + p.Defaults[k])
		}
	}
	return b.String()
}

func typeName(oid pgtype.OID) string {
	if t := pgtype.ByOID(oid); t != nil {
		return t.String()
	}
	return fmt.Sprint(oid)
}

func aggregateFact(oid pgtype.OID) *pgfacts.Aggregate {
	all := pgfacts.Aggregates()
	for i := range all {
		if all[i].Func == oid {
			return &all[i]
		}
	}
	return nil
}

func functionResult(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	p := pgfacts.ProcByOID(a[0].OID())
	if p == nil || p.Kind == 'p' {
		return pgtype.Null, nil
	}
	var columns []string
	for i := range p.Modes {
		if p.Modes[i] == 't' {
			columns = append(columns, pgtype.QuoteIdentifier(p.ArgNames[i])+" "+typeName(p.AllArgs[i]))
		}
	}
	if len(columns) > 0 {
		return pgtype.Text("TABLE(" + strings.Join(columns, ", ") + ")"), nil
	}
	if p.RetSet {
		return pgtype.Text("SETOF " + typeName(p.Result)), nil
	}
	return pgtype.Text(typeName(p.Result)), nil
}

func functionArgDefault(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	p := pgfacts.ProcByOID(a[0].OID())
	if p == nil {
		return pgtype.Null, nil
	}
	n, input := int(a[1].Int()), 0
	total := len(p.Args)
	if len(p.Modes) > 0 {
		if n < 1 || n > len(p.Modes) || p.Modes[n-1] == 'o' || p.Modes[n-1] == 't' {
			return pgtype.Null, nil
		}
		for i := 0; i < n; i++ {
			if m := p.Modes[i]; m != 'o' && m != 't' {
				input++
			}
		}
	} else {
		input = n
	}
	k := input - 1 - (total - len(p.Defaults))
	if k < 0 || k >= len(p.Defaults) {
		return pgtype.Null, nil
	}
	return pgtype.Text(p.Defaults[k]), nil
}

var volatilities = map[byte]string{'i': " IMMUTABLE", 's': " STABLE", 'v': ""}

// functionDef prints CREATE FUNCTION for a built-in function.
func functionDef(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	p := pgfacts.ProcByOID(a[0].OID())
	if p == nil {
		return pgtype.Null, nil
	}
	if p.Kind == 'a' {
		return pgtype.Null, errAggregateDef(p.Name)
	}
	result, _ := functionResult(nil, a)
	t := pgfacts.Load("pg_proc")
	var row []string
	for _, r := range t.Rows {
		if parseOID(r[t.Column("oid")]) == p.OID {
			row = r
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE OR REPLACE FUNCTION %s.%s(%s)\n RETURNS %s\n LANGUAGE %s\n", schemaOfProc(row, t), pgtype.QuoteIdentifier(p.Name), parameterList(p, true), result.Text(), p.Language)
	line := ""
	if p.Kind == 'w' {
		line += " WINDOW"
	}
	line += volatilities[p.Volatile]
	switch row[t.Column("proparallel")] {
	case "s":
		line += " PARALLEL SAFE"
	case "r":
		line += " PARALLEL RESTRICTED"
	}
	if p.Strict {
		line += " STRICT"
	}
	if row[t.Column("prosecdef")] == "t" {
		line += " SECURITY DEFINER"
	}
	if row[t.Column("proleakproof")] == "t" {
		line += " LEAKPROOF"
	}
	if s := row[t.Column("procost")]; p.Language == "internal" && s != "1" || p.Language != "internal" && s != "100" {
		line += " COST " + s
	}
	if s := row[t.Column("prorows")]; s != "0" && s != "1000" {
		line += " ROWS " + s
	}
	if s := row[t.Column("prosupport")]; s != "-" {
		line += " SUPPORT " + s
	}
	if line != "" {
		b.WriteString(line + "\n")
	}
	fmt.Fprintf(&b, "AS $function$%s$function$\n", p.Src)
	return pgtype.Text(b.String()), nil
}

func schemaOfProc(row []string, t *pgfacts.Table) string {
	if row[t.Column("pronamespace")] == "11" {
		return "pg_catalog"
	}
	return "information_schema"
}
