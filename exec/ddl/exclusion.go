package ddl

import (
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// exclusionBuild is an EXCLUDE constraint to be bound and named. What btree can exclude is equality, so its index is one that no two rows have a key in.
type exclusionBuild struct {
	node *pg_query.Constraint
}

func (b *tableBuild) exclusion(k *pg_query.Constraint, t timing) error {
	if err := indexMethod(k.AccessMethod); err != nil {
		return err
	}
	options, err := indexOptions(k.Options)
	if err != nil {
		return err
	}
	b.keys = append(b.keys, keyBuild{node: k, name: k.Conname, options: options, timing: t, exclusion: &exclusionBuild{k}})
	return nil
}

// addExclusion adds the index and the constraint of an EXCLUDE.
func (b *tableBuild) addExclusion(k *keyBuild, taken []string) (name string, err error) {
	n := k.exclusion.node
	stmt := &pg_query.IndexStmt{WhereClause: n.WhereClause, Options: n.Options}
	for _, e := range n.Exclusions {
		stmt.IndexParams = append(stmt.IndexParams, e.GetList().GetItems()[0])
	}
	for _, c := range n.Including {
		stmt.IndexIncludingParams = append(stmt.IndexIncludingParams, &pg_query.Node{Node: &pg_query.Node_IndexElem{IndexElem: &pg_query.IndexElem{Name: c.GetString_().GetSval()}}})
	}
	x, names, err := b.w.indexOf(b.rel, stmt)
	if err != nil {
		return "", err
	}
	x.Exclusion, x.Immediate, x.Options = true, !k.timing.deferrable, k.options
	c := desc.Constraint{Type: 'x', Validated: true, Deferrable: k.timing.deferrable, Deferred: k.timing.deferred}
	for i, e := range n.Exclusions {
		key := &x.Keys[i]
		typ := key.ExprType
		if key.Num > 0 {
			typ = b.rel.Columns[key.Num-1].Type
		}
		if err := b.w.checkExclusion(stringsOf(e.GetList().GetItems()[1].GetList().GetItems()), b.w.Catalog.Type(typ)); err != nil {
			return "", err
		}
		c.Columns = append(c.Columns, key.Num)
	}
	if x.Name = k.name; x.Name == "" {
		x.Name = b.w.relationName(b.rel.Name, joinNames(names), "excl", b.rel.Schema, true, taken...)
	} else if err := b.checkKeyName(k.name); err != nil {
		return "", err
	}
	c.Name = x.Name
	b.rel.Indexes, b.rel.Constraints = append(b.rel.Indexes, x), append(b.rel.Constraints, c)
	return x.Name, nil
}

// checkExclusion checks that an operator is one that btree can exclude by.
func (w *work) checkExclusion(operator []string, t *pgtype.Type) error {
	name, base := operator[len(operator)-1], bind.SortedAs(t.BaseType())
	op := findOperator(name, base.OID)
	switch {
	case op == nil && name == "=" && base.OID >= desc.FirstNormalOID, op == nil && name == "=" && base.IsArray():
		return nil // by the operator of enums, arrays or records
	case op == nil:
		return pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s %s %s", t, name, t).
			WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	case name == "=":
		return nil
	case op.Commutator != op.OID:
		return pgerr.Newf(pgerr.WrongObjectType, "operator %s(%s,%s) is not commutative", name, base, base).
			WithDetail("Only commutative operators can be used in exclusion constraints.")
	}
	return pgerr.Newf(pgerr.WrongObjectType, "operator %s(%s,%s) is not a member of operator family \"%s\"", name, base, base, btreeFamily(base.OID)).
		WithDetail("The exclusion operator must be related to the index operator class for the constraint.")
}

func findOperator(name string, t desc.OID) *pgfacts.Operator {
	for _, op := range pgfacts.OperatorsByName(name) {
		if op.Left == t && op.Right == t {
			return op
		}
	}
	return nil
}

// btreeFamily names the operator family of a type's default class for btree.
func btreeFamily(t desc.OID) string {
	classes, families := pgfacts.Load("pg_opclass"), pgfacts.Load("pg_opfamily")
	number := func(o desc.OID) string { return strconv.FormatUint(uint64(o), 10) }
	for _, c := range classes.Rows {
		if c[classes.Column("opcmethod")] != number(btreeMethod) || c[classes.Column("opcintype")] != number(t) || c[classes.Column("opcdefault")] != "t" {
			continue
		}
		for _, f := range families.Rows {
			if f[families.Column("oid")] == c[classes.Column("opcfamily")] {
				return strings.TrimSpace(f[families.Column("opfname")])
			}
		}
	}
	return ""
}
