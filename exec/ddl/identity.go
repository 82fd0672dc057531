package ddl

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// tableIndex finds an index of the table by name.
func (a *alteration) tableIndex(name string) (*desc.Index, error) {
	rel := a.rel()
	if i := slices.IndexFunc(rel.Indexes, func(x desc.Index) bool { return x.Name == name }); i >= 0 {
		return &rel.Indexes[i], nil
	}
	if o := a.w.findIn(rel.Schema, name); o.found() && o.index == nil {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not an index", name)
	} else if o.found() {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not an index for table \"%s\"", name, rel.Name)
	}
	return nil, pgerr.Newf(pgerr.UndefinedObject, "index \"%s\" for table \"%s\" does not exist", name, rel.Name)
}

// replicaIdentity runs REPLICA IDENTITY: what of an old row goes to a subscriber. It is kept and shown.
func (a *alteration) replicaIdentity(n *pg_query.ReplicaIdentityStmt) error {
	kind, index := n.IdentityType[0], desc.OID(0)
	if kind == 'i' {
		x, err := a.tableIndex(n.Name)
		if err != nil {
			return err
		}
		if err := a.identifies(x); err != nil {
			return err
		}
		index = x.OID
	}
	if kind == 'd' {
		kind = 0
	}
	return a.edit(func(r *desc.Relation) error { r.ReplicaIdentity, r.ReplicaIndex = kind, index; return nil })
}

// identifies checks that an index can tell every row from all others.
func (a *alteration) identifies(x *desc.Index) error {
	cannot := func(code pgerr.Code, what string) error {
		return pgerr.Newf(code, "cannot use %s index \"%s\" as replica identity", what, x.Name)
	}
	switch {
	case !x.Unique:
		return cannot(pgerr.WrongObjectType, "non-unique")
	case !x.Immediate:
		return cannot(pgerr.WrongObjectType, "non-immediate")
	case slices.ContainsFunc(x.Keys, func(k desc.IndexKey) bool { return k.Num == 0 }):
		return cannot(pgerr.FeatureNotSupported, "expression")
	case x.Predicate != "":
		return cannot(pgerr.FeatureNotSupported, "partial")
	}
	for _, k := range x.Keys {
		if c := a.rel().ColumnByNum(k.Num); !c.NotNull {
			return pgerr.Newf(pgerr.WrongObjectType, "index \"%s\" cannot be used as replica identity because column \"%s\" is nullable", x.Name, c.Name)
		}
	}
	return nil
}

// clusterOn runs CLUSTER ON, which names the index for later CLUSTER statements.
func (a *alteration) clusterOn(name string) error {
	x, err := a.tableIndex(name)
	if err != nil {
		return err
	}
	if x.Predicate != "" {
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot cluster on partial index \"%s\"", x.Name)
	}
	oid := x.OID
	return a.edit(func(r *desc.Relation) error { r.ClusterIndex = oid; return nil })
}

// cluster runs CLUSTER. Rows lie in the order of their primary key, so there is nothing to be done for that index and nothing that could be for another.
func (w *work) cluster(n *pg_query.ClusterStmt) error {
	if n.Relation == nil {
		return nil // tables that are clustered on their primary key are so already
	}
	o, err := w.lockTable(n.Relation, kv.AccessExclusive)
	if err != nil {
		return err
	}
	if o.kind() != desc.Table {
		return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a table", o.name())
	}
	a := &alteration{w: w, before: o.rel, oid: o.rel.OID}
	oid := o.rel.ClusterIndex
	if n.Indexname != "" {
		x, err := a.tableIndex(n.Indexname)
		if err != nil {
			return err
		}
		oid = x.OID
	}
	x := o.rel.Index(oid)
	if x == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "there is no previously clustered index for table \"%s\"", o.rel.Name)
	}
	if !x.Clustered() {
		e := pgerr.Unsupported("CLUSTER on an index other than the primary key's")
		return e.WithHint("Rows lie in the order of their primary key.")
	}
	return a.edit(func(r *desc.Relation) error { r.ClusterIndex = oid; return nil })
}
