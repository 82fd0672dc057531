package ddl

import (
	"math"
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// createSequence runs CREATE SEQUENCE.
func (w *work) createSequence(n *pg_query.CreateSeqStmt) error {
	schema, persistence, err := w.creationSchema(n.Sequence)
	if err != nil {
		return err
	}
	if done, err := w.exists(schema, n.Sequence, n.IfNotExists); done {
		return err
	}
	o, err := w.sequenceOptions(n.Options, nil, false)
	if err != nil {
		return err
	}
	seq := sequenceRelation(n.Sequence.Relname, schema, persistence, w.User, o)
	if err := w.Catalog.CreateRelation(w.Ctx, seq); err != nil {
		return err
	}
	return w.ownSequence(seq, o)
}

// sequenceRelation makes the descriptor of a new sequence.
func sequenceRelation(name string, schema desc.OID, persistence byte, owner desc.OID, o *sequenceOptions) *desc.Relation {
	def := o.def
	r := &desc.Relation{Name: name, Schema: schema, Owner: owner, Kind: desc.Sequence, Persistence: persistence, SequenceDef: &def, SequenceState: *o.state}
	for _, c := range []struct {
		name string
		t    desc.OID
	}{{"last_value", pgtype.OIDInt8}, {"log_cnt", pgtype.OIDInt8}, {"is_called", pgtype.OIDBool}} {
		r.Columns = append(r.Columns, desc.Column{Name: c.name, Type: c.t, Typmod: -1, NotNull: true})
	}
	return r
}

// alterSequence runs ALTER SEQUENCE with options.
func (w *work) alterSequence(n *pg_query.AlterSeqStmt) error {
	o, err := w.find(n.Sequence)
	if err != nil {
		return err
	}
	if !o.found() {
		if n.MissingOk {
			w.noticef(pgerr.SuccessfulCompletion, "relation \"%s\" does not exist, skipping", n.Sequence.Relname)
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeText(n.Sequence))
	}
	if err := mustBeSequence(o); err != nil {
		return err
	}
	if o, err = w.lockOwned(o, kv.ShareRowExclusive); err != nil {
		return err
	}
	return w.changeSequence(o.rel, n.Options, false)
}

func mustBeSequence(o object) error {
	if o.kind() == desc.Sequence {
		return nil
	}
	return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", o.name())
}

// notSupported is PostgreSQL's error for an operation on a relation of the wrong kind: what names the operation.
func notSupported(what string, o object) *pgerr.Error {
	return pgerr.Newf(pgerr.WrongObjectType, "%s \"%s\"", what, o.name()).WithDetail("This operation is not supported for %s.", kindPlural(o.kind()))
}

func kindPlural(k desc.RelKind) string {
	switch k {
	case desc.View:
		return "views"
	case desc.IndexKind:
		return "indexes"
	case desc.Sequence:
		return "sequences"
	case desc.Composite:
		return "composite types"
	case desc.MatView:
		return "materialized views"
	}
	return "tables"
}

// changeSequence applies options to a sequence.
func (w *work) changeSequence(seq *desc.Relation, options []*pg_query.Node, identity bool) error {
	o, err := w.sequenceOptions(options, seq.SequenceDef, identity)
	if err != nil {
		return err
	}
	if o.state == nil {
		state, _, err := w.Server.Sequences().State(w.Ctx, w.Catalog.Database().OID, seq)
		if err != nil {
			return err
		}
		o.state = &state
	}
	if err := o.checkState(); err != nil {
		return err
	}
	if o.changed {
		if seq, err = w.Catalog.AlterSequence(w.Ctx, seq.OID, o.def, o.state); err != nil {
			return err
		}
	}
	return w.ownSequence(seq, o)
}

// ownSequence carries out OWNED BY.
func (w *work) ownSequence(seq *desc.Relation, o *sequenceOptions) error {
	if o.ownedBy == nil {
		return nil
	}
	if seq.OwnedInternal {
		table := w.Catalog.Relation(seq.OwnedBy.Relation)
		return pgerr.New(pgerr.FeatureNotSupported, "cannot change ownership of identity sequence").WithDetail("Sequence \"%s\" is linked to table \"%s\".", seq.Name, table.Name)
	}
	owner, err := w.sequenceOwner(seq, o.ownedBy)
	if err != nil {
		return err
	}
	_, err = w.Catalog.AlterRelation(w.Ctx, seq.OID, func(r *desc.Relation) error { r.OwnedBy = owner; return nil })
	return err
}

func (w *work) sequenceOwner(seq *desc.Relation, names []*pg_query.Node) (ref desc.ColumnRef, err error) {
	if len(names) == 1 {
		if names[0].GetString_().GetSval() == "none" {
			return ref, nil
		}
		return ref, pgerr.New(pgerr.SyntaxError, "invalid OWNED BY option").WithHint("Specify OWNED BY table.column or OWNED BY NONE.")
	}
	n, err := w.rangeVar(names[:len(names)-1])
	if err != nil {
		return ref, err
	}
	o, err := w.mustFind(n)
	if err != nil {
		return ref, err
	}
	if o.kind() != desc.Table && o.kind() != desc.View {
		return ref, notSupported("sequence cannot be owned by relation", o)
	}
	if o.rel.Owner != seq.Owner {
		return ref, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "sequence must have same owner as table it is linked to")
	}
	if o.rel.Schema != seq.Schema {
		return ref, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "sequence must be in same schema as table it is linked to")
	}
	column := names[len(names)-1].GetString_().GetSval()
	c := o.rel.Column(column)
	if c == nil {
		return ref, noColumn(o.rel, column)
	}
	return desc.ColumnRef{Relation: o.rel.OID, Num: c.Num}, nil
}

// noColumn is the error for a column that a table does not have.
func noColumn(rel *desc.Relation, column string) *pgerr.Error {
	return pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", column, rel.Name)
}

// sequenceOptions are the options of CREATE and ALTER SEQUENCE and of identity columns, put together with what was before.
type sequenceOptions struct {
	def     desc.SequenceDef
	state   *desc.SequenceState // nil: stays
	ownedBy []*pg_query.Node
	name    []*pg_query.Node // SEQUENCE NAME of an identity column
	changed bool
	given   map[string]*pg_query.DefElem
}

// sequenceOptions reads options; old is nil for a new sequence.
func (w *work) sequenceOptions(list []*pg_query.Node, old *desc.SequenceDef, identity bool) (*sequenceOptions, error) {
	o := &sequenceOptions{given: map[string]*pg_query.DefElem{}, changed: old == nil}
	for _, n := range list {
		d := n.GetDefElem()
		if o.given[d.Defname] != nil {
			return nil, w.errorf(d.Location, pgerr.SyntaxError, "conflicting or redundant options")
		}
		o.given[d.Defname] = d
		switch d.Defname {
		case "owned_by":
			o.ownedBy = d.Arg.GetList().GetItems()
		case "sequence_name":
			if !identity {
				return nil, w.errorf(d.Location, pgerr.SyntaxError, "invalid sequence option SEQUENCE NAME")
			}
			o.name = d.Arg.GetList().GetItems()
		default:
			o.changed = true
		}
	}
	if old != nil {
		o.def = *old
	} else {
		o.def = desc.SequenceDef{Type: pgtype.OIDInt8, Increment: 1, Cache: 1}
	}
	for _, step := range []func() error{
		func() error { return w.sequenceType(o, old, identity) },
		func() error { return o.increment() },
		func() error { return o.bounds(old == nil) },
		func() error { return o.start(old == nil) },
		func() error { return o.cache() },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if old == nil {
		return o, o.checkState()
	}
	return o, nil
}

// integerRange is the range of an integer type; ok is false for other types.
func integerRange(t desc.OID) (low, high int64, ok bool) {
	switch t {
	case pgtype.OIDInt2:
		return math.MinInt16, math.MaxInt16, true
	case pgtype.OIDInt4:
		return math.MinInt32, math.MaxInt32, true
	case pgtype.OIDInt8:
		return math.MinInt64, math.MaxInt64, true
	}
	return 0, 0, false
}

func (w *work) sequenceType(o *sequenceOptions, old *desc.SequenceDef, identity bool) error {
	d := o.given["as"]
	if d == nil {
		return nil
	}
	t, _, err := w.typeName(d.Arg.GetTypeName())
	if err != nil {
		return err
	}
	low, high, ok := integerRange(t.OID)
	if !ok {
		what := "sequence"
		if identity {
			what = "identity column"
		}
		return pgerr.Newf(pgerr.InvalidParameterValue, "%s type must be smallint, integer, or bigint", what)
	}
	if old != nil { // bounds that were the old type's are now the new type's
		oldLow, oldHigh, _ := integerRange(old.Type)
		if old.Increment > 0 && old.Max == oldHigh {
			o.def.Max = high
		}
		if old.Increment < 0 && old.Min == oldLow {
			o.def.Min = low
		}
	}
	o.def.Type = t.OID
	return nil
}

// number reads the number of an option; ok is false when the option is not there or has none (NO MAXVALUE).
func (o *sequenceOptions) number(name string) (v int64, ok bool, err error) {
	d := o.given[name]
	if d == nil || d.Arg == nil {
		return 0, false, nil
	}
	v, err = intArg(d.Arg)
	return v, err == nil, err
}

// intArg reads an integer of any size from the tree.
func intArg(n *pg_query.Node) (int64, error) {
	if i := n.GetInteger(); i != nil {
		return int64(i.Ival), nil
	}
	text := n.GetFloat().GetFval()
	if text == "" {
		text = n.GetString_().GetSval()
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange {
			return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type bigint", text)
		}
		return 0, pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input syntax for type bigint: \"%s\"", text)
	}
	return v, nil
}

func (o *sequenceOptions) increment() error {
	v, ok, err := o.number("increment")
	if ok {
		if v == 0 {
			return pgerr.New(pgerr.InvalidParameterValue, "INCREMENT must not be zero")
		}
		o.def.Increment = v
	}
	if d := o.given["cycle"]; d != nil {
		o.def.Cycle = d.Arg.GetBoolean().GetBoolval()
	}
	return err
}

func (o *sequenceOptions) bounds(isNew bool) error {
	low, high, _ := integerRange(o.def.Type)
	t := pgtype.FormatType(pgtype.ByOID(o.def.Type), -1)
	v, ok, err := o.number("maxvalue")
	switch {
	case err != nil:
		return err
	case ok:
		o.def.Max = v
	case isNew || o.given["maxvalue"] != nil:
		if o.def.Max = high; o.def.Increment < 0 {
			o.def.Max = -1
		}
	}
	if o.def.Max < low || o.def.Max > high {
		return pgerr.Newf(pgerr.InvalidParameterValue, "MAXVALUE (%d) is out of range for sequence data type %s", o.def.Max, t)
	}
	v, ok, err = o.number("minvalue")
	switch {
	case err != nil:
		return err
	case ok:
		o.def.Min = v
	case isNew || o.given["minvalue"] != nil:
		if o.def.Min = 1; o.def.Increment < 0 {
			o.def.Min = low
		}
	}
	if o.def.Min < low || o.def.Min > high {
		return pgerr.Newf(pgerr.InvalidParameterValue, "MINVALUE (%d) is out of range for sequence data type %s", o.def.Min, t)
	}
	if o.def.Min >= o.def.Max {
		return pgerr.Newf(pgerr.InvalidParameterValue, "MINVALUE (%d) must be less than MAXVALUE (%d)", o.def.Min, o.def.Max)
	}
	return nil
}

func (o *sequenceOptions) start(isNew bool) error {
	v, ok, err := o.number("start")
	switch {
	case err != nil:
		return err
	case ok:
		o.def.Start = v
	case isNew && o.def.Increment > 0:
		o.def.Start = o.def.Min
	case isNew:
		o.def.Start = o.def.Max
	}
	if o.def.Start < o.def.Min {
		return pgerr.Newf(pgerr.InvalidParameterValue, "START value (%d) cannot be less than MINVALUE (%d)", o.def.Start, o.def.Min)
	}
	if o.def.Start > o.def.Max {
		return pgerr.Newf(pgerr.InvalidParameterValue, "START value (%d) cannot be greater than MAXVALUE (%d)", o.def.Start, o.def.Max)
	}
	if v, ok, err = o.number("restart"); err != nil {
		return err
	}
	if isNew || o.given["restart"] != nil {
		o.state = &desc.SequenceState{Last: o.def.Start}
	}
	if ok {
		o.state.Last = v
	}
	return nil
}

// checkState checks that the sequence stands within its bounds.
func (o *sequenceOptions) checkState() error {
	if o.state.Last < o.def.Min {
		return pgerr.Newf(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be less than MINVALUE (%d)", o.state.Last, o.def.Min)
	}
	if o.state.Last > o.def.Max {
		return pgerr.Newf(pgerr.InvalidParameterValue, "RESTART value (%d) cannot be greater than MAXVALUE (%d)", o.state.Last, o.def.Max)
	}
	return nil
}

func (o *sequenceOptions) cache() error {
	v, ok, err := o.number("cache")
	if ok {
		if v <= 0 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "CACHE (%d) must be greater than zero", v)
		}
		o.def.Cache = v
	}
	return err
}

// ownedSequence finds the sequence that serves a column: that of an identity column, or with any a serial's.
func (w *work) ownedSequence(table desc.OID, column int16, identity bool) *desc.Relation {
	for r := range w.Catalog.RelationsIn(w.Catalog.Relation(table).Schema) {
		if r.Kind == desc.Sequence && r.OwnedBy == (desc.ColumnRef{Relation: table, Num: column}) && r.OwnedInternal == identity {
			return r
		}
	}
	return nil
}

// checkUsage checks that the user may use a type of another's.
func (w *work) checkUsage(t *pgtype.Type) error {
	return catalog.CheckPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassType, OID: t.OID}, desc.Usage)
}
