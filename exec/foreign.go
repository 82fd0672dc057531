package exec

import (
	"context"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// foreignKeys keeps the foreign keys that a session has made runnable, and the programs of their actions, as long as the catalog stays the same.
type foreignKeys struct {
	s       *Session
	version uint64
	epoch   uint64
	keys    map[desc.OID]*run.ForeignKey
	actions map[foreignAction][]*run.Program // those that are free
}

type foreignAction struct {
	constraint desc.OID
	update     bool
}

// renew forgets everything when the catalog or a setting that expressions depend on has changed.
func (f *foreignKeys) renew() {
	version := f.s.txn.catalog.Version()
	if f.keys != nil && f.version == version && f.epoch == f.s.epoch {
		return
	}
	f.version, f.epoch = version, f.s.epoch
	f.keys, f.actions = make(map[desc.OID]*run.ForeignKey), make(map[foreignAction][]*run.Program)
}

// Key implements run.Foreign.
func (f *foreignKeys) Key(constraint desc.OID) (*run.ForeignKey, error) {
	f.renew()
	if k := f.keys[constraint]; k != nil {
		return k, nil
	}
	child, c := f.s.txn.catalog.Constraint(constraint)
	if c == nil {
		return nil, nil
	}
	p, err := bind.ForeignKey(f.s.bindEnv(), child, c)
	if err != nil {
		return nil, err
	}
	k, err := run.CompileForeignKey(p, f.s.txn.catalog)
	if err != nil {
		return nil, err
	}
	f.keys[constraint] = k
	return k, nil
}

// Action implements run.Foreign.
func (f *foreignKeys) Action(constraint desc.OID, update bool) (*run.Program, func(), error) {
	f.renew()
	key := foreignAction{constraint, update}
	actions := f.actions
	give := func(p *run.Program) func() { return func() { actions[key] = append(actions[key], p) } }
	if free := actions[key]; len(free) > 0 {
		p := free[len(free)-1]
		actions[key] = free[:len(free)-1]
		return p, give(p), nil
	}
	child, c := f.s.txn.catalog.Constraint(constraint)
	if c == nil {
		return nil, nil, pgerr.Newf(pgerr.UndefinedObject, "constraint with OID %d does not exist", constraint)
	}
	env := f.s.bindEnv()
	k, err := bind.ForeignKey(env, child, c)
	if err != nil {
		return nil, nil, err
	}
	letter := c.OnDelete
	if update {
		letter = c.OnUpdate
	}
	node, err := bind.ReferentialAction(env, k, letter, update)
	if err != nil {
		return nil, nil, err
	}
	p, err := run.Build(node)
	return p, give(p), err
}

// Lock implements run.Foreign.
func (f *foreignKeys) Lock(relation desc.OID, mode kv.LockMode) error {
	_, err := f.s.txn.catalog.LockRelation(f.s.rt.Ctx, relation, mode, catalog.Wait{Timeout: f.s.settings.Milliseconds("lock_timeout")})
	return err
}

// checkDeferred does the checks that wait: those of constraints that are not deferred any more or, with ending, of all, as the transaction is about to commit.
func (s *Session) checkDeferred(ctx context.Context, ending bool) error {
	c := &s.txn.constraints
	if c.Empty() {
		return nil
	}
	s.newRun(ctx, nil)
	x := s.exec()
	return c.Check(&x, ending)
}

// checkAtEnd does the waiting checks of an implicit transaction that ends with the statement, before the client hears that it is done.
func (s *Session) checkAtEnd(ctx context.Context) error {
	if s.txn == nil || s.txn.block || !s.last || s.nesting > 0 {
		return nil
	}
	return s.checkDeferred(ctx, true)
}

// setConstraints runs SET CONSTRAINTS.
func (s *Session) setConstraints(ctx context.Context, n *pg_query.ConstraintsSetStmt) error {
	if s.txn == nil || !s.txn.block {
		if err := s.notice(pgerr.Notice("WARNING", pgerr.NoActiveSQLTransaction, "SET CONSTRAINTS can only be used in transaction blocks")); err != nil {
			return err
		}
		if s.txn == nil {
			if err := s.begin(ctx); err != nil {
				return err
			}
		}
	}
	s.txn.catalog.Refresh()
	var list []desc.OID // nil is all of them
	for _, x := range n.Constraints {
		if list == nil {
			list = []desc.OID{}
		}
		found, err := s.constraintsNamed(x.GetRangeVar(), n.Deferred)
		if err != nil {
			return err
		}
		list = append(list, found...)
	}
	s.txn.constraints.Set(list, n.Deferred)
	if n.Deferred {
		return nil
	}
	return s.checkDeferred(ctx, false)
}

// constraintsNamed finds the deferrable constraints of a name in the first schema that has one of that name. Others can be made immediate, which they are, but not deferred.
func (s *Session) constraintsNamed(n *pg_query.RangeVar, deferred bool) ([]desc.OID, error) {
	r := s.reader()
	if n.Catalogname != "" && n.Catalogname != r.Database().Name {
		return nil, pgerr.Newf(pgerr.FeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"", n.Catalogname, n.Schemaname, n.Relname)
	}
	schemas := s.searchPath(true)
	if n.Schemaname != "" {
		schema := r.SchemaByName(n.Schemaname)
		if schema == nil {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", n.Schemaname)
		}
		schemas = []desc.OID{schema.OID}
	}
	for _, schema := range schemas {
		var out []desc.OID
		found := false
		for rel := range r.RelationsIn(schema) {
			for i := range rel.Constraints {
				c := &rel.Constraints[i]
				if c.Name != n.Relname {
					continue
				}
				found = true
				if !c.Deferrable && deferred {
					return nil, pgerr.Newf(pgerr.WrongObjectType, "constraint \"%s\" is not deferrable", c.Name)
				}
				if c.Deferrable {
					out = append(out, c.OID)
				}
			}
		}
		if found {
			return out, nil
		}
	}
	return nil, pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" does not exist", n.Relname)
}
