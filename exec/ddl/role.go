package ddl

import (
	"slices"
	"strings"
	"time"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/wire/auth"
)

// roleOptions are the options of CREATE and ALTER ROLE, by name.
type roleOptions map[string]*pg_query.DefElem

func (w *work) roleOptions(list []*pg_query.Node) (roleOptions, error) {
	o := roleOptions{}
	for _, n := range list {
		d := n.GetDefElem()
		if o[d.Defname] != nil {
			return nil, w.errorf(d.Location, pgerr.SyntaxError, "conflicting or redundant options")
		}
		o[d.Defname] = d
	}
	if o["sysid"] != nil {
		w.noticef(pgerr.SuccessfulCompletion, "SYSID can no longer be specified")
	}
	return o, nil
}

// flag reads a yes-or-no option; ok is false when it is not there.
func (o roleOptions) flag(name string) (v, ok bool) {
	d := o[name]
	if d == nil {
		return false, false
	}
	if b := d.Arg.GetBoolean(); b != nil {
		return b.Boolval, true
	}
	return d.Arg.GetInteger().GetIval() != 0, true
}

// roleAttributes are the options with the attribute that each sets; who gives one away must have it.
var roleAttributes = []struct {
	option, name string
	at           func(*desc.Role) *bool
}{
	{"superuser", "SUPERUSER", func(r *desc.Role) *bool { return &r.Super }},
	{"createdb", "CREATEDB", func(r *desc.Role) *bool { return &r.CreateDB }},
	{"isreplication", "REPLICATION", func(r *desc.Role) *bool { return &r.Replication }},
	{"bypassrls", "BYPASSRLS", func(r *desc.Role) *bool { return &r.BypassRLS }},
	{"inherit", "", func(r *desc.Role) *bool { return &r.Inherit }},
	{"createrole", "", func(r *desc.Role) *bool { return &r.CreateRole }},
	{"canlogin", "", func(r *desc.Role) *bool { return &r.Login }},
}

// apply sets the attributes, the password and the limits.
func (w *work) applyRole(r *desc.Role, o roleOptions) error {
	for _, a := range roleAttributes {
		if v, ok := o.flag(a.option); ok {
			*a.at(r) = v
		}
	}
	if d := o["connectionlimit"]; d != nil {
		r.ConnLimit = d.Arg.GetInteger().GetIval()
		if r.ConnLimit < -1 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "invalid connection limit: %d", r.ConnLimit)
		}
	}
	if d := o["validUntil"]; d != nil {
		t, err := w.validUntil(d.Arg.GetString_().GetSval())
		if err != nil {
			return err
		}
		r.ValidUntil = t
	}
	if d := o["password"]; d != nil {
		return w.password(r, d.Arg)
	}
	return nil
}

// password stores what a password is checked with: never the password itself.
func (w *work) password(r *desc.Role, arg *pg_query.Node) error {
	if arg == nil {
		r.Verifier = ""
		return nil
	}
	text := arg.GetString_().GetSval()
	switch {
	case text == "":
		w.noticef(pgerr.SuccessfulCompletion, "empty string is not a valid password, clearing password")
		r.Verifier = ""
	case auth.IsVerifier(text):
		r.Verifier = text
	case len(text) == 35 && strings.HasPrefix(text, "md5") && strings.Trim(text[3:], "0123456789abcdef") == "":
		return pgerr.Unsupported("MD5 passwords")
	default:
		v, err := auth.NewVerifier(text)
		if err != nil {
			return pgerr.Wrap(err, pgerr.SystemError, "could not hash the password")
		}
		r.Verifier = v
	}
	return nil
}

// validUntil reads VALID UNTIL; infinity is no limit.
func (w *work) validUntil(text string) (time.Time, error) {
	if strings.EqualFold(strings.TrimSpace(text), "infinity") {
		return time.Time{}, nil
	}
	codec := pgtype.ByOID(pgtype.OIDTimestamptz).Codec
	d, err := codec.ParseText(w.RT.Text, text, -1)
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(postgresEpoch, 0).Add(time.Duration(d.Int()) * time.Microsecond).UTC(), nil
}

// postgresEpoch is 2000-01-01 in Unix seconds.
const postgresEpoch = 946684800

func denied(what, detail string, args ...any) *pgerr.Error {
	return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to "+what).WithDetail(detail, args...)
}

// createRole runs CREATE ROLE, USER and GROUP.
func (w *work) createRole(n *pg_query.CreateRoleStmt) error {
	o, err := w.roleOptions(n.Options)
	if err != nil {
		return err
	}
	me := w.Catalog.Role(w.User)
	if !me.Super {
		if !me.CreateRole {
			return denied("create role", "Only roles with the CREATEROLE attribute may create roles.")
		}
		for _, a := range roleAttributes {
			if v, _ := o.flag(a.option); v && a.name != "" && !*a.at(me) {
				return denied("create role", "Only roles with the %s attribute may create roles with the %s attribute.", a.name, a.name)
			}
		}
	}
	r := &desc.Role{Name: n.Role, Inherit: true, Login: n.StmtType == pg_query.RoleStmtType_ROLESTMT_USER, ConnLimit: -1}
	if err := w.applyRole(r, o); err != nil {
		return err
	}
	if err := w.Catalog.CreateRole(w.Ctx, r); err != nil {
		return err
	}
	if err := w.newMemberships(r, o); err != nil {
		return err
	}
	if me.Super {
		return nil
	}
	yes, no := true, false // who makes a role may administer it
	_, err = w.Catalog.GrantRole(w.Ctx, catalog.RoleGrant{Roles: []desc.OID{r.OID}, Grantees: []desc.OID{w.User}, Admin: &yes, Inherit: &no, Set: &no, Role: desc.SuperuserOID})
	return err
}

// newMemberships carries out IN ROLE, ROLE and ADMIN.
func (w *work) newMemberships(r *desc.Role, o roleOptions) error {
	yes := true
	for _, name := range []string{"addroleto", "rolemembers", "adminmembers"} {
		d := o[name]
		if d == nil {
			continue
		}
		list, err := w.roles(d.Arg.GetList().GetItems())
		if err != nil {
			return err
		}
		g := catalog.RoleGrant{Roles: []desc.OID{r.OID}, Grantees: list, Role: w.User}
		switch name {
		case "addroleto":
			g.Roles, g.Grantees = list, []desc.OID{r.OID}
		case "adminmembers":
			g.Admin = &yes
		}
		if name != "addroleto" && !catalog.IsSuperuser(w.Catalog, w.User) {
			g.Role = desc.SuperuserOID // the role is new and the user's to give
		}
		notices, err := w.Catalog.GrantRole(w.Ctx, g)
		w.noticeAll(notices)
		if err != nil {
			return err
		}
	}
	return nil
}

// roles finds roles by their RoleSpecs.
func (w *work) roles(list []*pg_query.Node) ([]desc.OID, error) {
	out := make([]desc.OID, len(list))
	for i, n := range list {
		oid, err := w.role(n.GetRoleSpec(), false)
		if err != nil {
			return nil, err
		}
		out[i] = oid
	}
	return out, nil
}

// alterRole runs ALTER ROLE … options and ALTER GROUP … ADD or DROP USER.
func (w *work) alterRole(n *pg_query.AlterRoleStmt) error {
	oid, err := w.role(n.Role, false)
	if err != nil {
		return err
	}
	o, err := w.roleOptions(n.Options)
	if err != nil {
		return err
	}
	if d := o["rolemembers"]; d != nil {
		return w.groupMembers(oid, d.Arg.GetList().GetItems(), n.Action < 0)
	}
	if err := w.mayAlterRole(w.Catalog.Role(oid), o); err != nil {
		return err
	}
	_, err = w.Catalog.AlterRole(w.Ctx, oid, func(r *desc.Role) error { return w.applyRole(r, o) })
	return err
}

func (w *work) groupMembers(group desc.OID, list []*pg_query.Node, drop bool) error {
	members, err := w.roles(list)
	if err != nil {
		return err
	}
	notices, err := w.Catalog.GrantRole(w.Ctx, catalog.RoleGrant{Revoke: drop, Roles: []desc.OID{group}, Grantees: members, Role: w.User})
	w.noticeAll(notices)
	return err
}

// mayAlterRole is PostgreSQL's check of who may alter what of a role.
func (w *work) mayAlterRole(r *desc.Role, o roleOptions) error {
	me := w.Catalog.Role(w.User)
	if me.Super {
		return nil
	}
	if r.Super {
		return denied("alter role", "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute.")
	}
	if _, ok := o.flag("superuser"); ok {
		return denied("alter role", "Only roles with the SUPERUSER attribute may change the SUPERUSER attribute.")
	}
	if !me.CreateRole || !catalog.IsAdminOf(w.Catalog, w.User, r.OID) {
		for name := range o {
			if name != "password" || r.OID != w.User {
				return denied("alter role", "Only roles with the CREATEROLE attribute and the ADMIN option on role \"%s\" may alter this role.", r.Name)
			}
		}
		return nil
	}
	for _, a := range roleAttributes {
		if _, ok := o.flag(a.option); ok && a.name != "" && !*a.at(me) {
			return denied("alter role", "Only roles with the %s attribute may change the %s attribute.", a.name, a.name)
		}
	}
	return nil
}

// dropRoles runs DROP ROLE.
func (w *work) dropRoles(n *pg_query.DropRoleStmt) error {
	me := w.Catalog.Role(w.User)
	if !me.Super && !me.CreateRole {
		return denied("drop role", "Only roles with the CREATEROLE attribute and the ADMIN option on the target roles may drop roles.")
	}
	var list []desc.OID
	for _, x := range n.Roles {
		spec := x.GetRoleSpec()
		if spec.Roletype != pg_query.RoleSpecType_ROLESPEC_CSTRING {
			return pgerr.New(pgerr.InvalidParameterValue, "cannot use special role specifier in DROP ROLE")
		}
		r := w.Catalog.RoleByName(spec.Rolename)
		if r == nil {
			if !n.MissingOk {
				return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", spec.Rolename)
			}
			w.noticef(pgerr.SuccessfulCompletion, "role \"%s\" does not exist, skipping", spec.Rolename)
			continue
		}
		switch {
		case r.OID == w.User:
			return pgerr.New(pgerr.ObjectInUse, "current user cannot be dropped")
		case r.OID == w.Session:
			return pgerr.New(pgerr.ObjectInUse, "session user cannot be dropped")
		case r.Super && !me.Super:
			return denied("drop role", "Only roles with the SUPERUSER attribute may drop roles with the SUPERUSER attribute.")
		case !catalog.IsAdminOf(w.Catalog, w.User, r.OID):
			return denied("drop role", "Only roles with the CREATEROLE attribute and the ADMIN option on role \"%s\" may drop this role.", r.Name)
		}
		if !slices.Contains(list, r.OID) {
			list = append(list, r.OID)
		}
	}
	return w.Catalog.DropRoles(w.Ctx, list)
}

// grantRole runs GRANT and REVOKE of roles.
func (w *work) grantRole(n *pg_query.GrantRoleStmt) error {
	g := catalog.RoleGrant{Revoke: !n.IsGrant, Cascade: n.Behavior == pg_query.DropBehavior_DROP_CASCADE, Role: w.User}
	for _, x := range n.Opt {
		if err := roleGrantOption(&g, x.GetDefElem(), n.IsGrant); err != nil {
			return err
		}
	}
	for _, x := range n.GrantedRoles {
		p := x.GetAccessPriv()
		if len(p.Cols) > 0 || p.PrivName == "" {
			return pgerr.New(pgerr.InvalidGrantOperation, "column names cannot be included in GRANT/REVOKE ROLE")
		}
		r := w.Catalog.RoleByName(p.PrivName)
		if r == nil {
			return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", p.PrivName)
		}
		g.Roles = append(g.Roles, r.OID)
	}
	var err error
	if g.Grantees, err = w.roles(n.GranteeRoles); err != nil {
		return err
	}
	if n.Grantor != nil {
		if g.GrantedBy, err = w.role(n.Grantor, false); err != nil {
			return err
		}
	}
	notices, err := w.Catalog.GrantRole(w.Ctx, g)
	w.noticeAll(notices)
	return err
}

func roleGrantOption(g *catalog.RoleGrant, d *pg_query.DefElem, grant bool) error {
	value := true
	if grant && d.Arg.GetBoolean() != nil {
		value = d.Arg.GetBoolean().GetBoolval()
	} else if grant {
		text := d.Arg.GetString_().GetSval()
		switch v, ok := pgtype.ParseBool(text); {
		case ok:
			value = v
		case !strings.EqualFold(text, "option"):
			return pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized value for role option \"%s\": \"%s\"", d.Defname, text)
		}
	}
	switch d.Defname {
	case "admin":
		g.Admin = &value
	case "inherit":
		g.Inherit = &value
	case "set":
		g.Set = &value
	default:
		return pgerr.Newf(pgerr.SyntaxError, "unrecognized role option \"%s\"", d.Defname)
	}
	return nil
}
