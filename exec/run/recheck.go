package run

import (
	"bytes"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/userdata"
)

// claim is a row whose key in the index of a deferrable constraint another row may have too.
type claim struct {
	seq      int
	key, row []byte
}

// claimList holds the claims of one constraint that are to be looked at again.
type claimList struct {
	constraint desc.OID
	relation   desc.OID
	claims     []claim
}

// recheck is the userdata.Recheck of a statement.
func (x *Exec) recheck(t *userdata.Table, d *desc.Index, key, row []byte) error {
	q := x.Queue
	c := claim{q.seq + 1, bytes.Clone(key), bytes.Clone(row)} // seq is raised once the row is written
	for _, l := range q.claims {
		if l.constraint == d.Constraint {
			l.claims = append(l.claims, c)
			return nil
		}
	}
	q.claims = append(q.claims, &claimList{d.Constraint, t.Rel.OID, []claim{c}})
	return nil
}

// finish looks again, or leaves that to the end of the transaction.
func (l *claimList) finish(x *Exec) (violation, error) {
	_, c := x.Catalog.Constraint(l.constraint)
	if c == nil {
		return violation{}, nil
	}
	if x.Constraints.Deferred(c) {
		x.Constraints.deferClaims(l)
		return violation{}, nil
	}
	return l.check(x)
}

// check finds the first claim that another row shares.
func (l *claimList) check(x *Exec) (violation, error) {
	rel, c := x.Catalog.Constraint(l.constraint)
	if c == nil || rel.Index(c.Index) == nil {
		return violation{}, nil
	}
	t, err := x.Table(rel)
	if err != nil {
		return violation{}, err
	}
	for _, k := range l.claims {
		err := t.CheckClaim(x.Ctx(), x.Access, rel.Index(c.Index), k.key, k.row)
		e, ok := pgerr.As(err)
		switch {
		case err == nil:
		case ok && (e.Code == pgerr.UniqueViolation || e.Code == pgerr.ExclusionViolation):
			if s := x.Catalog.Schema(rel.Schema); s != nil {
				e.Schema = s.Name
			}
			return violation{k.seq, e}, nil
		default:
			return violation{}, err
		}
	}
	return violation{}, nil
}
