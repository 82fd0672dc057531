package ddl

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// What LIKE … INCLUDING names, bits of TableLikeClause.Options.
const (
	likeComments = 1 << iota
	likeCompression
	likeConstraints
	likeDefaults
	likeGenerated
	likeIdentity
	likeIndexes
	likeStatistics
	likeStorage
)

// likeIndex is an index to be copied, its columns numbered as in the new table.
type likeIndex struct {
	index      desc.Index
	constraint byte // type of the constraint that it belongs to, 0 for none
}

// addLike copies the columns of another relation, and of what belongs to them what INCLUDING asks for.
func (b *tableBuild) addLike(n *pg_query.TableLikeClause) error {
	w := b.w
	o, err := w.find(n.Relation)
	if err != nil {
		return err
	}
	if !o.found() {
		return w.errorf(n.Relation.Location, pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeText(n.Relation))
	}
	if k := o.kind(); k == desc.IndexKind || k == desc.Sequence {
		return w.at(pgerr.Newf(pgerr.WrongObjectType, "relation \"%s\" is invalid in LIKE clause", o.name()).WithDetail("This operation is not supported for %s.", kindPlural(k)), n.Relation.Location)
	}
	if o.kind() == desc.Composite {
		if err := w.checkUsage(w.Catalog.Type(o.rel.RowType)); err != nil {
			return err
		}
	} else if err := catalog.CheckPrivilege(w.Catalog, w.User, o.ref(), desc.Select); err != nil {
		return err
	}
	numbers := make([]int16, len(o.rel.Columns)+1)
	for i := range o.rel.Columns {
		if from := &o.rel.Columns[i]; !from.Dropped {
			numbers[from.Num] = b.likeColumn(o.rel, from, n.Options)
		}
	}
	if n.Options&likeConstraints != 0 {
		for _, c := range o.rel.Constraints {
			if c.Type == 'c' {
				b.checks = append(b.checks, checkBuild{name: c.Name, text: c.Expr, noInherit: c.NoInherit, valid: true})
			}
		}
	}
	if n.Options&likeIndexes != 0 {
		b.likeIndexes(o.rel, numbers)
	}
	return nil
}

func (b *tableBuild) likeColumn(rel *desc.Relation, from *desc.Column, options uint32) int16 {
	c := &columnBuild{num: int16(len(b.rel.Columns) + 1)}
	col := desc.Column{Num: c.num, Name: from.Name, Type: from.Type, Typmod: from.Typmod, NotNull: from.NotNull, Collation: from.Collation, StatTarget: -1}
	if options&likeStorage != 0 {
		col.Storage = from.Storage
	}
	switch {
	case from.Generated != 0:
		if options&likeGenerated != 0 {
			col.Generated, c.generatedText = from.Generated, from.Default
		}
	case from.Default != "" && options&likeDefaults != 0:
		c.defaultText = from.Default
	}
	if from.Identity != 0 && options&likeIdentity != 0 {
		if seq := b.w.ownedSequence(rel.OID, from.Num, true); seq != nil {
			col.Identity = from.Identity
			c.sequence = &sequenceBuild{identity: true, typ: col.Type, copy: seq.SequenceDef}
		}
	}
	if options&likeComments != 0 {
		if text, ok := b.w.Catalog.Comment(desc.ObjectRef{Class: desc.ClassRelation, OID: rel.OID, SubID: int32(from.Num)}); ok {
			b.comments = append(b.comments, commentBuild{c.num, text})
		}
	}
	b.rel.Columns = append(b.rel.Columns, col)
	b.columns = append(b.columns, c)
	return c.num
}

// likeIndexes notes the indexes of a table to be copied, with their columns' new numbers.
func (b *tableBuild) likeIndexes(rel *desc.Relation, numbers []int16) {
	renumber := func(list []int16) []int16 {
		var out []int16
		for _, n := range list {
			out = append(out, numbers[n])
		}
		return out
	}
	for _, x := range rel.Indexes {
		var kind byte
		if c := rel.Constraint(x.Constraint); c != nil {
			kind = c.Type
		}
		if kind != 0 {
			k := keyBuild{primary: x.Primary, nullsNotDistinct: x.NullsNotDistinct, include: renumber(x.Include), options: slices.Clone(x.Options)}
			for _, key := range x.Keys {
				k.columns = append(k.columns, numbers[key.Num])
			}
			b.keys = append(b.keys, k)
			continue
		}
		c := desc.Index{Unique: x.Unique, NullsNotDistinct: x.NullsNotDistinct, Immediate: true, Valid: true, Keys: slices.Clone(x.Keys), Include: renumber(x.Include),
			Predicate: x.Predicate, ExprColumns: renumber(x.ExprColumns), Method: x.Method, Options: slices.Clone(x.Options)}
		for i := range c.Keys {
			if c.Keys[i].Num != 0 {
				c.Keys[i].Num = numbers[c.Keys[i].Num]
			}
		}
		b.like = append(b.like, likeIndex{index: c})
	}
}

// copyIndexes names the plain indexes that LIKE copies.
func (b *tableBuild) copyIndexes() error {
	for _, l := range b.like {
		x := l.index
		var names []string
		for _, k := range x.Keys {
			if k.Num != 0 {
				names = append(names, b.rel.Columns[k.Num-1].Name)
				continue
			}
			names = append(names, textName(k.Expr))
		}
		names = append(names, b.names(x.Include)...)
		taken := []string{b.rel.Name}
		for i := range b.rel.Indexes {
			taken = append(taken, b.rel.Indexes[i].Name)
		}
		x.Name = b.w.relationName(b.rel.Name, joinNames(uniqueNames(names)), "idx", b.rel.Schema, false, taken...)
		b.rel.Indexes = append(b.rel.Indexes, x)
	}
	return nil
}
