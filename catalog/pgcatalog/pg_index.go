package pgcatalog

import (
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var pgIndex = base{name: "pg_index", facts: "pg_index", keys: []string{"indexrelid", "indrelid"}, user: indexRows}

func indexRows(r catalog.Reader, q *query) {
	if o, ok := q.oid("indexrelid"); ok {
		if rel, x := r.Index(o); x != nil && own(rel) {
			emitIndexRow(r, q, rel, x)
		}
		return
	}
	ownRelation(r, q, "indrelid", func(rel *desc.Relation) bool {
		for i := range rel.Indexes {
			emitIndexRow(r, q, rel, &rel.Indexes[i])
		}
		return !q.done
	})
}

func emitIndexRow(r catalog.Reader, q *query, rel *desc.Relation, x *desc.Index) {
	var keys, options []int16
	var classes, collations []pgtype.OID
	var exprs []string
	for i := range x.Keys {
		k := &x.Keys[i]
		keys = append(keys, k.Num)
		if k.Num == 0 {
			exprs = append(exprs, k.Expr)
		}
		options = append(options, indexOption(k))
		typ := keyType(rel, k)
		class := k.Opclass
		if class == 0 {
			class = DefaultOpclass(r.Type(typ), method(x))
		}
		classes = append(classes, class)
		collations = append(collations, keyCollation(r, rel, k))
	}
	keys = append(keys, x.Include...)
	q.emit(oid(x.OID), oid(rel.OID), num(len(keys)), num(len(x.Keys)), boolean(x.Unique), boolean(x.NullsNotDistinct), boolean(x.Primary), boolean(x.Exclusion), boolean(x.Immediate),
		boolean(rel.ClusterIndex == x.OID), boolean(x.Valid), no, yes, yes, boolean(rel.ReplicaIdentity == 'i' && rel.ReplicaIndex == x.OID), vector(pgtype.Int2vectorType, keys), vector(pgtype.OidvectorType, collations), vector(pgtype.OidvectorType, classes),
		vector(pgtype.Int2vectorType, options), textOrNull(strings.Join(exprs, ", ")), textOrNull(x.Predicate))
}

// indexOption is an element of indoption: 1 descending, 2 nulls first.
func indexOption(k *desc.IndexKey) int16 {
	var o int16
	if k.Desc {
		o |= 1
	}
	if k.NullsFirst {
		o |= 2
	}
	return o
}

func keyType(rel *desc.Relation, k *desc.IndexKey) pgtype.OID {
	if k.Num > 0 && int(k.Num) <= len(rel.Columns) {
		return rel.Columns[k.Num-1].Type
	}
	return k.ExprType
}

// keyCollation is the collation that an index key sorts by: its own, its column's, its type's.
func keyCollation(r catalog.Reader, rel *desc.Relation, k *desc.IndexKey) pgtype.OID {
	if k.Collation != 0 {
		return k.Collation
	}
	if k.Num > 0 && int(k.Num) <= len(rel.Columns) && rel.Columns[k.Num-1].Collation != 0 {
		return rel.Columns[k.Num-1].Collation
	}
	if t := r.Type(keyType(rel, k)); t != nil {
		return t.Collation
	}
	return 0
}
