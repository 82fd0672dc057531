package pgcatalog

import (
	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var pgAttribute = base{name: "pg_attribute", facts: "pg_attribute", keys: []string{"attrelid"}, user: attributeRows}

// systemColumns are the hidden columns of every table, by number.
var systemColumns = []struct {
	num   int
	name  string
	typ   pgtype.OID
	len   int
	byVal bool
	align byte
}{
	{-6, "tableoid", pgtype.OIDOid, 4, true, 'i'},
	{-5, "cmax", pgtype.OIDCid, 4, true, 'i'},
	{-4, "xmax", pgtype.OIDXid, 4, true, 'i'},
	{-3, "cmin", pgtype.OIDCid, 4, true, 'i'},
	{-2, "xmin", pgtype.OIDXid, 4, true, 'i'},
	{-1, "ctid", pgtype.OIDTid, 6, false, 's'},
}

func attributeRows(r catalog.Reader, q *query) {
	if o, ok := q.oid("attrelid"); ok {
		if rel := r.Relation(o); own(rel) {
			emitAttributes(r, q, rel)
		} else if rel, x := r.Index(o); x != nil && own(rel) {
			emitIndexAttributes(r, q, rel, x)
		}
		return
	}
	ownRelations(r, func(rel *desc.Relation) bool {
		emitAttributes(r, q, rel)
		for i := range rel.Indexes {
			emitIndexAttributes(r, q, rel, &rel.Indexes[i])
		}
		return !q.done
	})
}

func emitAttributes(r catalog.Reader, q *query, rel *desc.Relation) {
	if stored(rel.Kind) || rel.Kind == desc.Sequence {
		for _, s := range systemColumns {
			q.emit(oid(rel.OID), text(s.name), oid(s.typ), num(s.len), num(s.num), minus, minus, zero, boolean(s.byVal), char(s.align), char('p'), char(0),
				yes, no, no, char(0), char(0), no, yes, zero, zero, zero, null, null, null, null)
		}
	}
	columns := columnsOf(rel)
	for i := range columns {
		emitAttribute(r, q, rel, &columns[i])
	}
}

// sequenceColumns are those of every sequence, whose descriptor need not have them.
var sequenceColumns = []desc.Column{
	{Num: 1, Name: "last_value", Type: pgtype.OIDInt8, Typmod: -1, NotNull: true},
	{Num: 2, Name: "log_cnt", Type: pgtype.OIDInt8, Typmod: -1, NotNull: true},
	{Num: 3, Name: "is_called", Type: pgtype.OIDBool, Typmod: -1, NotNull: true},
}

func columnsOf(rel *desc.Relation) []desc.Column {
	if rel.Kind == desc.Sequence && len(rel.Columns) == 0 {
		return sequenceColumns
	}
	return rel.Columns
}

// hasDefault tells whether a column has a pg_attrdef row; identity columns have none, whatever computes them.
func hasDefault(c *desc.Column) bool { return c.Default != "" && !c.Dropped && c.Identity == 0 }

func emitAttribute(r catalog.Reader, q *query, rel *desc.Relation, c *desc.Column) {
	length, byVal, align, storage, dims := num(-1), no, byte('i'), c.Storage, int(c.Dims)
	if t := r.Type(c.Type); t != nil {
		length, byVal, align = num(t.Len), boolean(t.ByVal), t.Proc.Align
		if storage == 0 {
			storage = t.Proc.Storage
		}
		if rel.Class == desc.System && t.IsArray() && t.Proc.Storage != 'p' {
			dims = 1
		}
	}
	if storage == 0 {
		storage = 'p'
	}
	typ, name, notNull, defaulted := c.Type, c.Name, c.NotNull, hasDefault(c)
	if c.Dropped {
		typ, name, notNull, defaulted = 0, "........pg.dropped."+oidText(pgtype.OID(c.Num))+"........", false, false
	}
	target := int32(-1)
	if c.StatTarget != 0 {
		target = c.StatTarget
	}
	q.emit(oid(rel.OID), text(name), oid(typ), length, num(c.Num), minus, num(typmod(r, c.Type, c.Typmod)), num(dims), byVal, char(align), char(storage), char(0),
		boolean(notNull), boolean(defaulted), boolean(c.Missing != nil), char(c.Identity), char(c.Generated), boolean(c.Dropped), yes, zero, num(target),
		oid(c.Collation), aclDatum(r, c.ACL), texts(c.Options), null, null)
}

// typmod is -1 for the types that take no modifier, whose descriptors may carry zero.
func typmod(r catalog.Reader, typ pgtype.OID, mod int32) int32 {
	if mod != 0 {
		return mod
	}
	t := r.Type(typ)
	for t != nil && t.IsArray() {
		t = t.Elem
	}
	if t == nil || t.Proc.ModifierIn == "-" || t.Proc.ModifierIn == "" {
		return -1
	}
	return mod
}

func emitIndexAttributes(r catalog.Reader, q *query, rel *desc.Relation, x *desc.Index) {
	number := 0
	each := func(col int16, key *desc.IndexKey) {
		number++
		var c desc.Column
		if col > 0 && int(col) <= len(rel.Columns) {
			c = rel.Columns[col-1]
		} else {
			c = desc.Column{Name: expressionName(x, number), Type: key.ExprType, Typmod: -1, Collation: key.Collation}
		}
		if key != nil && key.Collation != 0 {
			c.Collation = key.Collation
		}
		c.Num, c.NotNull, c.Default, c.Identity, c.Generated, c.Missing, c.ACL, c.Options = int16(number), false, "", 0, 0, nil, nil, nil
		emitAttribute(r, q, &desc.Relation{OID: x.OID}, &c)
	}
	for i := range x.Keys {
		each(x.Keys[i].Num, &x.Keys[i])
	}
	for _, col := range x.Include {
		each(col, nil)
	}
}

// expressionName names an index column that is an expression as PostgreSQL does: after its function, or "expr".
func expressionName(x *desc.Index, number int) string {
	base := "expr"
	expr := x.Keys[number-1].Expr
	for i := 0; i < len(expr); i++ {
		if c := expr[i]; !(c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9') {
			if c == '(' && i > 0 {
				base = expr[:i]
			}
			break
		}
	}
	earlier := 0
	for i := 0; i < number-1; i++ {
		if x.Keys[i].Num == 0 && expressionBase(x.Keys[i].Expr) == base {
			earlier++
		}
	}
	if earlier > 0 {
		return base + oidText(pgtype.OID(earlier))
	}
	return base
}

func expressionBase(expr string) string {
	return expressionName(&desc.Index{Keys: []desc.IndexKey{{Expr: expr}}}, 1)
}

var pgAttrdef = base{name: "pg_attrdef", user: func(r catalog.Reader, q *query) {
	ownRelation(r, q, "adrelid", func(rel *desc.Relation) bool {
		for i := range rel.Columns {
			if c := &rel.Columns[i]; hasDefault(c) {
				q.emit(oid(c.DefaultOID), oid(rel.OID), num(c.Num), text(c.Default))
			}
		}
		return !q.done
	})
}}

var pgSequence = base{name: "pg_sequence", user: func(r catalog.Reader, q *query) {
	ownRelation(r, q, "seqrelid", func(rel *desc.Relation) bool {
		if s := rel.SequenceDef; s != nil {
			q.emit(oid(rel.OID), oid(s.Type), num(s.Start), num(s.Increment), num(s.Max), num(s.Min), num(s.Cache), boolean(s.Cycle))
		}
		return !q.done
	})
}}
