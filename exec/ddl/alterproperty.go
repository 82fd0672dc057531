package ddl

import (
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// property runs the subcommands of ALTER TABLE that change neither columns nor constraints.
func (a *alteration) property(cmd *pg_query.AlterTableCmd) error {
	switch cmd.Subtype {
	case pg_query.AlterTableType_AT_ChangeOwner:
		return a.w.changeOwner(object{rel: a.rel()}, cmd.Newowner)
	case pg_query.AlterTableType_AT_SetRelOptions, pg_query.AlterTableType_AT_ResetRelOptions, pg_query.AlterTableType_AT_ReplaceRelOptions:
		return a.relOptions(cmd)
	case pg_query.AlterTableType_AT_SetStatistics:
		return a.setStatistics(cmd)
	case pg_query.AlterTableType_AT_SetStorage:
		return a.setStorage(cmd)
	case pg_query.AlterTableType_AT_SetOptions, pg_query.AlterTableType_AT_ResetOptions:
		return a.columnOptions(cmd)
	case pg_query.AlterTableType_AT_SetCompression:
		_, err := a.column(cmd.Name)
		return err // how a value is packed is storage's own business
	case pg_query.AlterTableType_AT_SetLogged, pg_query.AlterTableType_AT_SetUnLogged:
		return a.setLogged(cmd.Subtype == pg_query.AlterTableType_AT_SetLogged)
	case pg_query.AlterTableType_AT_EnableTrigAll, pg_query.AlterTableType_AT_DisableTrigAll:
		return a.allTriggers(cmd.Subtype == pg_query.AlterTableType_AT_DisableTrigAll)
	case pg_query.AlterTableType_AT_EnableTrigUser, pg_query.AlterTableType_AT_DisableTrigUser:
		return nil // there are no triggers of users
	case pg_query.AlterTableType_AT_EnableTrig, pg_query.AlterTableType_AT_DisableTrig, pg_query.AlterTableType_AT_EnableAlwaysTrig, pg_query.AlterTableType_AT_EnableReplicaTrig:
		return pgerr.Newf(pgerr.UndefinedObject, "trigger \"%s\" for table \"%s\" does not exist", cmd.Name, a.rel().Name)
	case pg_query.AlterTableType_AT_EnableRule, pg_query.AlterTableType_AT_DisableRule, pg_query.AlterTableType_AT_EnableAlwaysRule, pg_query.AlterTableType_AT_EnableReplicaRule:
		return pgerr.Newf(pgerr.UndefinedObject, "rule \"%s\" for relation \"%s\" does not exist", cmd.Name, a.rel().Name)
	case pg_query.AlterTableType_AT_DisableRowSecurity, pg_query.AlterTableType_AT_NoForceRowSecurity, pg_query.AlterTableType_AT_DropOids:
		return nil // is so already
	case pg_query.AlterTableType_AT_EnableRowSecurity, pg_query.AlterTableType_AT_ForceRowSecurity:
		return pgerr.Unsupported("row level security")
	case pg_query.AlterTableType_AT_ReplicaIdentity:
		return a.replicaIdentity(cmd.Def.GetReplicaIdentityStmt())
	case pg_query.AlterTableType_AT_SetTableSpace:
		if cmd.Name == "pg_default" {
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", cmd.Name)
	case pg_query.AlterTableType_AT_SetAccessMethod:
		if cmd.Name == "heap" {
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedObject, "access method \"%s\" does not exist", cmd.Name)
	case pg_query.AlterTableType_AT_AddInherit, pg_query.AlterTableType_AT_DropInherit:
		return pgerr.Unsupported("table inheritance")
	case pg_query.AlterTableType_AT_AttachPartition, pg_query.AlterTableType_AT_DetachPartition:
		return pgerr.Unsupported("partitioned tables")
	case pg_query.AlterTableType_AT_ClusterOn:
		return a.clusterOn(cmd.Name)
	case pg_query.AlterTableType_AT_DropCluster:
		return a.edit(func(r *desc.Relation) error { r.ClusterIndex = 0; return nil })
	}
	return pgerr.Unsupported("this form of ALTER TABLE")
}

// relOptions sets or resets storage parameters.
func (a *alteration) relOptions(cmd *pg_query.AlterTableCmd) error {
	w, rel := a.w, a.rel()
	options := slices.Clone(rel.Options)
	check := rel.ViewCheck
	for _, n := range cmd.Def.GetList().GetItems() {
		d := n.GetDefElem()
		name, value, err := d.Defname, "", error(nil)
		switch {
		case cmd.Subtype == pg_query.AlterTableType_AT_ResetRelOptions:
			if d.Arg != nil {
				return pgerr.New(pgerr.SyntaxError, "RESET must not include values for parameters")
			}
		case rel.Kind == desc.View:
			name, value, err = viewOption(d)
		default:
			name, value, err = tableOption(d)
		}
		if err != nil {
			return err
		}
		if name == "type" || name == "scope" {
			return pgerr.Newf(pgerr.FeatureNotSupported, "parameter \"%s\" cannot be changed after the table was created", name)
		}
		if name == "check_option" {
			check = value
		}
		options = slices.DeleteFunc(options, func(o string) bool { return strings.HasPrefix(o, name+"=") })
		if name != "" && cmd.Subtype != pg_query.AlterTableType_AT_ResetRelOptions {
			options = append(options, name+"="+value)
		}
	}
	return w.atRelation(a.oid, func(r *desc.Relation) error {
		r.Options, r.ViewCheck = options, check
		if r.Kind == desc.Table {
			return checkClass(r)
		}
		return nil
	})
}

// atRelation changes a relation's descriptor.
func (w *work) atRelation(oid desc.OID, f func(*desc.Relation) error) error {
	_, err := w.Catalog.AlterRelation(w.Ctx, oid, f)
	return err
}

func (a *alteration) setStatistics(cmd *pg_query.AlterTableCmd) error {
	c, err := a.column(cmd.Name)
	if err != nil {
		return err
	}
	v := cmd.Def.GetInteger().GetIval()
	switch {
	case v < -1:
		return pgerr.Newf(pgerr.InvalidParameterValue, "statistics target %d is too low", v)
	case v > 10000:
		v = 10000
		a.w.Notice(pgerr.Notice("WARNING", pgerr.InvalidParameterValue, "lowering statistics target to %d", v))
	}
	num := c.Num
	return a.edit(func(r *desc.Relation) error { r.ColumnByNum(num).StatTarget = v; return nil })
}

func (a *alteration) setStorage(cmd *pg_query.AlterTableCmd) error {
	s, err := storageLetter(strings.ToLower(cmd.Def.GetString_().GetSval()))
	if err != nil {
		return err
	}
	c, err := a.column(cmd.Name)
	if err != nil {
		return err
	}
	if t := a.w.Catalog.Type(c.Type); s != 'p' && s != 0 && t.Len > 0 {
		return pgerr.Newf(pgerr.FeatureNotSupported, "column data type %s can only have storage PLAIN", t)
	}
	num := c.Num
	return a.edit(func(r *desc.Relation) error { r.ColumnByNum(num).Storage = s; return nil })
}

func (a *alteration) columnOptions(cmd *pg_query.AlterTableCmd) error {
	c, err := a.column(cmd.Name)
	if err != nil {
		return err
	}
	options := slices.Clone(c.Options)
	for _, n := range cmd.Def.GetList().GetItems() {
		d := n.GetDefElem()
		if d.Defname != "n_distinct" && d.Defname != "n_distinct_inherited" {
			return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized parameter \"%s\"", d.Defname)
		}
		options = slices.DeleteFunc(options, func(o string) bool { return strings.HasPrefix(o, d.Defname+"=") })
		if cmd.Subtype == pg_query.AlterTableType_AT_SetOptions {
			v, err := option{kind: optReal, low: -1, high: 1e308}.check(d.Defname, d.Arg)
			if err != nil {
				return err
			}
			options = append(options, d.Defname+"="+v)
		}
	}
	num := c.Num
	return a.edit(func(r *desc.Relation) error { r.ColumnByNum(num).Options = options; return nil })
}

// allTriggers switches off, or on, what foreign keys do when rows of the table change.
func (a *alteration) allTriggers(off bool) error {
	rel := a.rel()
	internal := len(a.w.Catalog.Referencing(rel.OID)) > 0 || slices.ContainsFunc(rel.Constraints, func(c desc.Constraint) bool { return len(c.Triggers) > 0 })
	if r := a.w.Catalog.Role(a.w.User); internal && (r == nil || !r.Super) {
		return a.systemTrigger()
	}
	return a.edit(func(r *desc.Relation) error { r.TriggersOff = off; return nil })
}

// systemTrigger is the error for who is no superuser and would switch off the trigger of a constraint.
func (a *alteration) systemTrigger() error {
	rel := a.rel()
	var names []string
	for i := range rel.Constraints {
		if c := &rel.Constraints[i]; c.Type == 'f' {
			names = append(names, "RI_ConstraintTrigger_c_"+strconv.FormatUint(uint64(c.Triggers[2]), 10))
		}
	}
	for _, r := range a.w.Catalog.Referencing(rel.OID) {
		for i := range r.Constraints {
			if c := &r.Constraints[i]; c.Type == 'f' && c.RefTable == rel.OID {
				names = append(names, "RI_ConstraintTrigger_a_"+strconv.FormatUint(uint64(c.Triggers[0]), 10))
			}
		}
	}
	name := ""
	if len(names) > 0 {
		name = slices.Min(names)
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system trigger", name)
}

func (a *alteration) setLogged(logged bool) error {
	if a.rel().Persistence == 't' {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "cannot change logged status of table \"%s\" because it is temporary", a.rel().Name)
	}
	p := byte('u')
	if logged {
		p = 'p'
	}
	return a.edit(func(r *desc.Relation) error { r.Persistence = p; return nil })
}

// alterIndex runs the subcommands that an index has.
func (w *work) alterIndex(o object, cmds []*pg_query.Node) error {
	for _, n := range cmds {
		cmd := n.GetAlterTableCmd()
		switch cmd.Subtype {
		case pg_query.AlterTableType_AT_ChangeOwner:
			w.Notice(pgerr.Notice("WARNING", pgerr.WrongObjectType, "cannot change owner of index \"%s\"", o.name()).WithHint("Change the ownership of the index's table, instead."))
		case pg_query.AlterTableType_AT_SetRelOptions, pg_query.AlterTableType_AT_ResetRelOptions:
			if err := w.alterIndexOptions(o, cmd); err != nil {
				return err
			}
		case pg_query.AlterTableType_AT_SetStatistics:
			if n := int(cmd.Num); n < 1 || n > len(o.index.Keys)+len(o.index.Include) {
				return pgerr.Newf(pgerr.UndefinedColumn, "column number %d of relation \"%s\" does not exist", n, o.name())
			} else if n > len(o.index.Keys) {
				return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter statistics on included column \"%s\" of index \"%s\"", o.rel.Columns[o.index.Include[n-len(o.index.Keys)-1]-1].Name, o.name())
			} else if k := o.index.Keys[n-1]; k.Num != 0 {
				return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter statistics on non-expression column \"%s\" of index \"%s\"", o.rel.Columns[k.Num-1].Name, o.name()).
					WithHint("Alter statistics on table column instead.")
			}
			return pgerr.Unsupported("statistics on index expressions")
		case pg_query.AlterTableType_AT_SetTableSpace:
			if cmd.Name != "pg_default" {
				return pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", cmd.Name)
			}
		default:
			return checkAction(o, cmd)
		}
	}
	return nil
}

// alterIndexOptions sets or resets storage parameters of an index.
func (w *work) alterIndexOptions(o object, cmd *pg_query.AlterTableCmd) error {
	items := cmd.Def.GetList().GetItems()
	options := slices.Clone(o.index.Options)
	for _, n := range items {
		name := n.GetDefElem().GetDefname()
		options = slices.DeleteFunc(options, func(s string) bool { return strings.HasPrefix(s, name+"=") })
	}
	if cmd.Subtype == pg_query.AlterTableType_AT_SetRelOptions {
		more, err := indexOptions(items)
		if err != nil {
			return err
		}
		options = append(options, more...)
	}
	return w.atRelation(o.rel.OID, func(r *desc.Relation) error { r.Index(o.index.OID).Options = options; return nil })
}

// changeOwner gives a relation to another role.
func (w *work) changeOwner(o object, spec *pg_query.RoleSpec) error {
	owner, err := w.role(spec, false)
	if err != nil {
		return err
	}
	if o.rel.Owner == owner {
		return nil
	}
	if o.rel.Kind == desc.Sequence && o.rel.OwnedBy.Relation != 0 {
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot change owner of sequence \"%s\"", o.rel.Name).
			WithDetail("Sequence \"%s\" is linked to table \"%s\".", o.rel.Name, w.Catalog.Relation(o.rel.OwnedBy.Relation).Name)
	}
	if err := w.mayGive(owner, o.rel.Schema); err != nil {
		return err
	}
	return w.atRelation(o.rel.OID, func(r *desc.Relation) error { r.Owner = owner; return nil })
}

// mayGive checks that the user may give something in a schema to a role: be able to become it, and it be able to make things there.
func (w *work) mayGive(owner, schema desc.OID) error {
	if catalog.IsSuperuser(w.Catalog, w.User) {
		return nil
	}
	if err := w.canBecome(owner); err != nil {
		return err
	}
	return catalog.CheckPrivilege(w.Catalog, owner, desc.ObjectRef{Class: desc.ClassSchema, OID: schema}, desc.Create)
}
