package builtin

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// sequenceFamily is the functions on sequences.
var sequenceFamily = []Def{
	{Name: "nextval_oid", Scalar: nextVal},
	{Name: "currval_oid", Scalar: currVal},
	{Name: "lastval", Scalar: lastVal},
	{Name: "setval_oid", Scalar: setVal},
	{Name: "setval3_oid", Scalar: setVal},
	{Name: "pg_sequence_last_value", Scalar: sequenceLastValue},
	{Name: "pg_sequence_parameters", Scalar: sequenceParameters},
}

// sequenceArgument finds the sequence and checks one of the privileges that the function needs.
func sequenceArgument(c *Call, oid desc.OID, any ...desc.Privilege) (*desc.Relation, error) {
	rel := c.Env.Catalog().Relation(oid)
	if rel == nil {
		return nil, pgerr.Newf(pgerr.UndefinedTable, "could not open relation with OID %d", oid)
	}
	if rel.Kind != desc.Sequence {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "cannot open relation \"%s\"", rel.Name).WithDetail("%s", notSequenceDetail(rel))
	}
	o := owned{rel.Owner, rel.ACL, 's'}
	for _, p := range any {
		if o.holds(c.Env.Catalog(), c.Env.CurrentUser(), wantedPrivilege{privilege: p}) {
			return rel, nil
		}
	}
	return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for sequence %s", rel.Name)
}

var kindPlural = map[desc.RelKind]string{
	desc.Table: "tables", desc.View: "views", desc.IndexKind: "indexes", desc.Composite: "composite types", desc.MatView: "materialized views",
}

func notSequenceDetail(rel *desc.Relation) string {
	return "This operation is not supported for " + kindPlural[rel.Kind] + "."
}

func nextVal(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if _, err := sequenceArgument(c, a[0].OID(), desc.Usage, desc.Update); err != nil {
		return pgtype.Null, err
	}
	v, err := c.Env.NextVal(c.Ctx, a[0].OID())
	return pgtype.Int(v), err
}

func currVal(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if _, err := sequenceArgument(c, a[0].OID(), desc.Usage, desc.Select); err != nil {
		return pgtype.Null, err
	}
	v, err := c.Env.CurrVal(a[0].OID())
	return pgtype.Int(v), err
}

func lastVal(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	v, err := c.Env.LastVal()
	return pgtype.Int(v), err
}

func setVal(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel, err := sequenceArgument(c, a[0].OID(), desc.Update)
	if err != nil {
		return pgtype.Null, err
	}
	v := a[1].Int()
	if s := rel.SequenceDef; s != nil && (v < s.Min || v > s.Max) {
		return pgtype.Null, pgerr.Newf(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence \"%s\" (%d..%d)", v, rel.Name, s.Min, s.Max)
	}
	if err := c.Env.SetVal(c.Ctx, rel.OID, v, len(a) < 3 || a[2].Bool()); err != nil {
		return pgtype.Null, err
	}
	return pgtype.Int(v), nil
}

// sequenceLastValue is NULL before the first nextval.
func sequenceLastValue(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel, err := sequenceArgument(c, a[0].OID(), desc.Select, desc.Usage)
	if err != nil {
		return pgtype.Null, err
	}
	last, called, err := c.Env.SequenceState(rel.OID)
	if err != nil || !called {
		return pgtype.Null, err
	}
	return pgtype.Int(last), nil
}

func sequenceParameters(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel, err := sequenceArgument(c, a[0].OID(), desc.Select, desc.Update, desc.Usage)
	if err != nil {
		return pgtype.Null, err
	}
	s := rel.SequenceDef
	return outRecord(c, outTypes(c), pgtype.Int(s.Start), pgtype.Int(s.Min), pgtype.Int(s.Max), pgtype.Int(s.Increment), pgtype.Bool(s.Cycle), pgtype.Int(s.Cache), pgtype.OIDValue(s.Type)), nil
}
