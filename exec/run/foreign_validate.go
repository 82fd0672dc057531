package run

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// CheckAll checks every row of the referring table, of all scopes. The caller holds locks that keep both tables as they are. Keys are looked up many at a time.
func (f *ForeignKey) CheckAll(x *Exec) error {
	child, parent, err := f.tables(x)
	if err != nil {
		return err
	}
	v := &validation{f: f, x: x, child: child, parent: parent}
	err = child.Each(x.Ctx(), x.Access, func(locator pgtype.Datum, row []pgtype.Datum) error {
		_, rowKey := userdata.SplitLocator(locator)
		key, state, err := f.childKey(x, parent, v.buffer[:0], child.Scope(rowKey), row)
		v.buffer = key
		switch {
		case err != nil || state == keyNull:
			return err
		case state != keyGiven:
			return f.missing(x, row, state == keyPartial)
		}
		if _, ok := v.done[string(key)]; ok {
			return nil
		}
		v.list = append(v.list, reference{key: v.memory.own(key), row: v.memory.own(rowKey)})
		if len(v.list) < early {
			return nil
		}
		return v.look()
	})
	if err != nil {
		return err
	}
	return v.look()
}

// validation is one CheckAll.
type validation struct {
	f             *ForeignKey
	x             *Exec
	child, parent *userdata.Table
	list          []reference
	done          map[string]struct{}
	memory        bytesArena
	buffer        []byte
}

// look looks up the keys that were collected.
func (v *validation) look() error {
	if err := v.x.check(); err != nil {
		return err
	}
	keys, positions := distinct(v.list, v.done)
	found := make([]userdata.Presence, len(keys))
	if err := v.parent.Reference(v.x.Ctx(), v.x.Access, v.f.plan.Index, keys, userdata.ReferenceRequest{NoLock: true}, found); err != nil {
		return err
	}
	if v.done == nil || len(v.done) > remembered {
		v.done = make(map[string]struct{})
	}
	row := make([]pgtype.Datum, v.child.Width())
	for i, r := range v.list {
		switch p := positions[i]; {
		case p == known:
		case found[p] == userdata.Present:
			v.done[string(r.key)] = struct{}{}
		default:
			there, err := v.child.Newest(v.x.Ctx(), v.x.Access, r.row, row)
			if err != nil {
				return err
			}
			if !there {
				return pgerr.Newf(pgerr.ForeignKeyViolation, "insert or update on table %q violates foreign key constraint %q", v.f.plan.Child.Name, v.f.plan.Constraint.Name)
			}
			return v.f.missing(v.x, row, false)
		}
	}
	v.list, v.memory = v.list[:0], bytesArena{chunk: v.memory.chunk[:0]}
	return nil
}
