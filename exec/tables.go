package exec

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// openTable is a relation that the session has made ready for storage, good as long as its descriptor is the same.
type openTable struct {
	rel   *desc.Relation
	table *userdata.Table
}

// openTable opens a relation for storage; expression indexes are computed with the session's runtime.
func (s *Session) openTable(rel *desc.Relation) (*userdata.Table, error) {
	if t, ok := s.tables[rel.OID]; ok && t.rel == rel {
		return t.table, nil
	}
	compute, err := s.indexFunctions(rel)
	if err != nil {
		return nil, err
	}
	t, err := userdata.Open(rel, s.reader(), compute)
	if err != nil {
		return nil, err
	}
	if len(s.tables) > 4096 {
		clear(s.tables)
	}
	s.tables[rel.OID] = openTable{rel, t}
	return t, nil
}

// indexFunctions compiles the expressions and predicates of a relation's indexes.
func (s *Session) indexFunctions(rel *desc.Relation) (map[desc.OID]userdata.KeyFunc, error) {
	needed := false
	for i := range rel.Indexes {
		x := &rel.Indexes[i]
		needed = needed || x.Predicate != ""
		for _, k := range x.Keys {
			needed = needed || k.Num == 0
		}
	}
	if !needed {
		return nil, nil
	}
	const relNumber = 1
	rules, err := bind.TableRules(s.bindEnv(), rel, relNumber)
	if err != nil {
		return nil, err
	}
	columns := make([]expr.ColID, len(rel.Columns))
	for i := range columns {
		columns[i] = expr.ColID{Rel: relNumber, Num: int16(i + 1)}
	}
	c := &expr.Compiler{Scope: expr.NewScope(columns, nil)}
	out := make(map[desc.OID]userdata.KeyFunc)
	for _, rule := range rules.Indexes {
		keys := make([]expr.Eval, len(rule.Keys))
		for i, e := range rule.Keys {
			if e == nil {
				continue
			}
			if keys[i], err = c.Compile(e); err != nil {
				return nil, err
			}
		}
		var predicate expr.Eval
		if rule.Predicate != nil {
			if predicate, err = c.Compile(rule.Predicate); err != nil {
				return nil, err
			}
		}
		out[rule.Index.OID] = s.keyFunc(rule.Index, keys, predicate)
	}
	return out, nil
}

func (s *Session) keyFunc(index *desc.Index, keys []expr.Eval, predicate expr.Eval) userdata.KeyFunc {
	return func(row, out []pgtype.Datum) (bool, error) {
		frame := expr.Frame{Row: row, RT: &s.rt}
		if predicate != nil {
			v, err := predicate(&frame)
			if err != nil || v.IsNull() || !v.Bool() {
				return false, err
			}
		}
		for i := range index.Keys {
			if n := index.Keys[i].Num; n > 0 {
				out[i] = row[n-1]
				continue
			}
			v, err := keys[i](&frame)
			if err != nil {
				return false, err
			}
			out[i] = v
		}
		return true, nil
	}
}
