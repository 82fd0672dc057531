package ddl

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/session"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// setRole runs ALTER ROLE … [IN DATABASE …] SET and RESET.
func (w *work) setRole(n *pg_query.AlterRoleSetStmt) error {
	if n.Role == nil {
		return w.setAllRoles(n)
	}
	oid, err := w.role(n.Role, false)
	if err != nil {
		return err
	}
	r, me := w.Catalog.Role(oid), w.Catalog.Role(w.User)
	switch {
	case me.Super || oid == w.User:
	case r.Super:
		return denied("alter role", "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute.")
	case !me.CreateRole || !catalog.IsAdminOf(w.Catalog, w.User, oid):
		return denied("alter role", "Only roles with the CREATEROLE attribute and the ADMIN option on role \"%s\" may alter this role.", r.Name)
	}
	edit, err := w.settingEdit(n.Setstmt)
	if err != nil {
		return err
	}
	if n.Database == "" {
		_, err = w.Catalog.AlterRole(w.Ctx, oid, func(r *desc.Role) error { r.Settings = edit(r.Settings); return nil })
		return err
	}
	db, err := w.database(n.Database)
	if err != nil {
		return err
	}
	return w.setRoleIn(db.OID, oid, edit)
}

// setRoleIn changes a role's settings in one database; role 0 is every role.
func (w *work) setRoleIn(db, role desc.OID, edit func([]string) []string) error {
	_, err := w.Catalog.AlterDatabase(w.Ctx, db, func(d *desc.Database) error {
		at := slices.IndexFunc(d.RoleSettings, func(s desc.RoleSettings) bool { return s.Role == role })
		if at < 0 {
			d.RoleSettings, at = append(d.RoleSettings, desc.RoleSettings{Role: role}), len(d.RoleSettings)
		}
		s := &d.RoleSettings[at]
		if s.Settings = edit(s.Settings); len(s.Settings) == 0 {
			d.RoleSettings = slices.Delete(d.RoleSettings, at, at+1)
		}
		return nil
	})
	return err
}

// setAllRoles runs ALTER ROLE ALL: with IN DATABASE that is the database's settings.
func (w *work) setAllRoles(n *pg_query.AlterRoleSetStmt) error {
	if n.Database != "" {
		return w.setDatabase(&pg_query.AlterDatabaseSetStmt{Dbname: n.Database, Setstmt: n.Setstmt})
	}
	if !catalog.IsSuperuser(w.Catalog, w.User) {
		return denied("alter setting", "Only roles with the SUPERUSER attribute may alter settings globally.")
	}
	return pgerr.Unsupported("ALTER ROLE ALL without IN DATABASE")
}

// setDatabase runs ALTER DATABASE … SET and RESET.
func (w *work) setDatabase(n *pg_query.AlterDatabaseSetStmt) error {
	db, err := w.database(n.Dbname)
	if err != nil {
		return err
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, db); err != nil {
		return err
	}
	edit, err := w.settingEdit(n.Setstmt)
	if err != nil {
		return err
	}
	_, err = w.Catalog.AlterDatabase(w.Ctx, db.OID, func(d *desc.Database) error { d.Settings = edit(d.Settings); return nil })
	return err
}

// settingEdit makes of SET or RESET a change of a list of settings.
func (w *work) settingEdit(n *pg_query.VariableSetStmt) (func([]string) []string, error) {
	if n.Kind == pg_query.VariableSetKind_VAR_RESET_ALL {
		return func([]string) []string { return nil }, nil
	}
	name := n.Name
	if d := session.Find(name); d != nil {
		name = d.Name
	}
	value, set := "", false
	switch n.Kind {
	case pg_query.VariableSetKind_VAR_SET_VALUE:
		value, set = settingText(n), true
	case pg_query.VariableSetKind_VAR_SET_CURRENT:
		value, set = w.Setting(name), true
	case pg_query.VariableSetKind_VAR_SET_MULTI:
		return nil, pgerr.Unsupported("this form of SET")
	}
	super := catalog.IsSuperuser(w.Catalog, w.User)
	if set {
		if err := session.NewSettings().Set(name, value, session.Start, super); err != nil {
			return nil, err
		}
	}
	return func(list []string) []string {
		at := slices.IndexFunc(list, func(s string) bool { return strings.HasPrefix(strings.ToLower(s), strings.ToLower(name)+"=") })
		switch {
		case set && at >= 0:
			list = slices.Clone(list)
			list[at] = name + "=" + value
		case set:
			list = append(slices.Clone(list), name+"="+value)
		case at >= 0:
			list = slices.Delete(slices.Clone(list), at, at+1)
		}
		return list
	}, nil
}

// settingText is the value of SET as one text: the members of a list are quoted where that is needed.
func settingText(n *pg_query.VariableSetStmt) string {
	parts := make([]string, len(n.Args))
	for i, a := range n.Args {
		if c := a.GetTypeCast(); c != nil { // SET TIME ZONE INTERVAL
			a = c.Arg
		}
		parts[i] = constText(a.GetAConst())
		if a.GetAConst().GetSval() != nil && len(n.Args) > 1 || n.Name == "search_path" {
			parts[i] = pgtype.QuoteIdentifier(parts[i])
		}
	}
	return strings.Join(parts, ", ")
}
