package pgcatalog

import (
	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// classTrigger is pg_trigger's OID.
const classTrigger desc.OID = 2620

// pgTrigger shows the internal triggers by which PostgreSQL enforces foreign keys and deferrable keys, as clients look for them; here they are only rows.
var pgTrigger = base{name: "pg_trigger", user: triggerRows}

// Trigger is a row of pg_trigger.
type Trigger struct {
	OID        desc.OID
	Name       string
	Table      *desc.Relation // that it is on
	Other      *desc.Relation // the other side of a foreign key, nil for keys
	Owner      *desc.Relation // of the constraint
	Constraint *desc.Constraint
	Function   desc.OID
	Events     int // 4 INSERT, 8 DELETE, 16 UPDATE
	Deferrable bool
	Deferred   bool
}

// The functions of internal triggers, by action: for DELETE; the one for UPDATE follows.
var actionFunctions = map[byte]desc.OID{'a': 1654, 'c': 1646, 'r': 1648, 'n': 1650, 'd': 1652}

const (
	checkInsertFunction desc.OID = 1644
	recheckFunction     desc.OID = 1250
)

const (
	onInsert = 4
	onDelete = 8
	onUpdate = 16
)

// Triggers lists the internal triggers of a constraint.
func Triggers(r catalog.Reader, rel *desc.Relation, c *desc.Constraint) []Trigger {
	if c.Type != 'f' {
		if len(c.Triggers) != 1 {
			return nil
		}
		name := "Unique_ConstraintTrigger_"
		if c.Type == 'p' {
			name = "PK_ConstraintTrigger_"
		}
		return []Trigger{{OID: c.Triggers[0], Name: name + oidText(c.Triggers[0]), Table: rel, Owner: rel, Constraint: c, Function: recheckFunction, Events: onInsert | onUpdate,
			Deferrable: c.Deferrable, Deferred: c.Deferred}}
	}
	parent := r.Relation(c.RefTable)
	if len(c.Triggers) != 4 || parent == nil {
		return nil
	}
	action := func(i int, letter byte, update desc.OID, events int) Trigger {
		t := Trigger{OID: c.Triggers[i], Name: "RI_ConstraintTrigger_a_" + oidText(c.Triggers[i]), Table: parent, Other: rel, Owner: rel, Constraint: c,
			Function: actionFunctions[letter] + update, Events: events}
		if letter == 'a' {
			t.Deferrable, t.Deferred = c.Deferrable, c.Deferred
		}
		return t
	}
	check := func(i int, update desc.OID, events int) Trigger {
		return Trigger{OID: c.Triggers[i], Name: "RI_ConstraintTrigger_c_" + oidText(c.Triggers[i]), Table: rel, Other: parent, Owner: rel, Constraint: c,
			Function: checkInsertFunction + update, Events: events, Deferrable: c.Deferrable, Deferred: c.Deferred}
	}
	return []Trigger{action(0, c.OnDelete, 0, onDelete), action(1, c.OnUpdate, 1, onUpdate), check(2, 0, onInsert), check(3, 1, onUpdate)}
}

// TriggerByOID finds an internal trigger.
func TriggerByOID(r catalog.Reader, o desc.OID) (Trigger, bool) {
	var out Trigger
	ownRelations(r, func(rel *desc.Relation) bool {
		for i := range rel.Constraints {
			for _, t := range Triggers(r, rel, &rel.Constraints[i]) {
				if t.OID == o {
					out = t
				}
			}
		}
		return out.OID == 0
	})
	return out, out.OID != 0
}

func triggerRows(r catalog.Reader, q *query) {
	of := func(rel *desc.Relation) bool {
		for i := range rel.Constraints {
			for _, t := range Triggers(r, rel, &rel.Constraints[i]) {
				emitTrigger(q, t)
			}
		}
		return !q.done
	}
	if o, ok := q.oid("tgconstraint"); ok && o != 0 {
		if rel, c := r.Constraint(o); c != nil {
			for _, t := range Triggers(r, rel, c) {
				emitTrigger(q, t)
			}
		}
		return
	}
	if o, ok := q.oid("tgrelid"); ok {
		rel := r.Relation(o)
		if !own(rel) {
			return
		}
		if !of(rel) {
			return
		}
		for _, child := range r.Referencing(o) {
			if child.OID != o && !of(child) {
				return
			}
		}
		return
	}
	ownRelations(r, of)
}

func emitTrigger(q *query, t Trigger) {
	other := desc.OID(0)
	if t.Other != nil {
		other = t.Other.OID
	}
	enabled := byte('O')
	if t.Table.TriggersOff {
		enabled = 'D'
	}
	q.emit(oid(t.OID), oid(t.Table.OID), zero, text(t.Name), oid(t.Function), num(1|t.Events), char(enabled), yes, oid(other), oid(t.Constraint.Index),
		oid(t.Constraint.OID), boolean(t.Deferrable), boolean(t.Deferred), zero, vector(pgtype.Int2vectorType, []int16(nil)), pgtype.Bytes([]byte{}), null, null, null)
}
