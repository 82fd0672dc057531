package ddl

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/userdata"
)

// utf8Encoding is pg_database.encoding's number for UTF8.
const utf8Encoding = 6

// createDatabase runs CREATE DATABASE: the new database begins as a copy of its template.
func (w *work) createDatabase(n *pg_query.CreatedbStmt) error {
	if w.InBlock {
		return pgerr.New(pgerr.ActiveSQLTransaction, "CREATE DATABASE cannot run inside a transaction block")
	}
	d := &desc.Database{Name: n.Dbname, Owner: w.User, AllowConn: true, ConnLimit: -1, Encoding: utf8Encoding}
	template, err := w.databaseOptions(d, n.Options)
	if err != nil {
		return err
	}
	me := w.Catalog.Role(w.User)
	if !me.Super && !me.CreateDB {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to create database")
	}
	if err := w.canBecome(d.Owner); err != nil {
		return err
	}
	from := w.Catalog.DatabaseByName(template)
	if from == nil {
		return pgerr.Newf(pgerr.InvalidCatalogName, "template database \"%s\" does not exist", template)
	}
	if ref := (desc.ObjectRef{Class: desc.ClassDatabase, OID: from.OID}); !from.Template && !catalog.IsOwner(w.Catalog, w.User, ref) {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to copy database \"%s\"", template)
	}
	if d.Collate == "" {
		d.Collate = from.Collate
	}
	if d.Ctype == "" {
		d.Ctype = from.Ctype
	}
	copies, err := w.Catalog.CreateDatabase(w.Ctx, d, from.OID, w.others)
	if err != nil {
		return err
	}
	for _, c := range copies {
		if err := userdata.CopyStorage(w.Ctx, w.Catalog.KV(), c.From, c.To); err != nil {
			return err
		}
	}
	return nil
}

// others counts the other sessions that are connected to a database.
func (w *work) others(db desc.OID) int {
	n := w.InUse(db)
	if db == w.Catalog.Database().OID {
		n--
	}
	return n
}

// databaseOptions reads the options of CREATE and ALTER DATABASE and gives the template's name.
func (w *work) databaseOptions(d *desc.Database, list []*pg_query.Node) (template string, err error) {
	template = "template1"
	seen := map[string]bool{}
	for _, n := range list {
		o := n.GetDefElem()
		if seen[o.Defname] {
			return "", w.errorf(o.Location, pgerr.SyntaxError, "conflicting or redundant options")
		}
		seen[o.Defname] = true
		text := optionText(o.Arg)
		switch o.Defname {
		case "owner":
			if o.Arg != nil {
				d.Owner, err = w.role(&pg_query.RoleSpec{Roletype: pg_query.RoleSpecType_ROLESPEC_CSTRING, Rolename: text}, false)
			}
		case "template":
			if o.Arg != nil {
				template = text
			}
		case "encoding":
			err = w.encoding(o, text)
		case "lc_collate":
			d.Collate = text
		case "lc_ctype":
			d.Ctype = text
		case "locale":
			d.Collate, d.Ctype = text, text
		case "connection_limit":
			v, e := intArg(o.Arg)
			if err = e; v < -1 {
				err = pgerr.Newf(pgerr.InvalidParameterValue, "invalid connection limit: %d", v)
			}
			d.ConnLimit = int32(v)
		case "allow_connections":
			d.AllowConn, err = databaseFlag(o, text)
		case "is_template":
			d.Template, err = databaseFlag(o, text)
		case "tablespace":
			if text != "pg_default" && o.Arg != nil {
				err = pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", text)
			}
		case "strategy", "locale_provider", "oid", "collation_version", "icu_locale", "icu_rules":
			err = w.databaseOption(o, text)
		default:
			err = w.errorf(o.Location, pgerr.SyntaxError, "option \"%s\" not recognized", o.Defname)
		}
		if err != nil {
			return "", err
		}
	}
	return template, nil
}

func (w *work) databaseOption(o *pg_query.DefElem, text string) error {
	switch o.Defname {
	case "strategy":
		if s := strings.ToLower(text); s != "wal_log" && s != "file_copy" {
			return pgerr.Newf(pgerr.InvalidParameterValue, "invalid create database strategy \"%s\"", text).WithHint("Valid strategies are \"wal_log\", and \"file_copy\".")
		}
		return nil
	case "locale_provider":
		if strings.ToLower(text) == "libc" {
			return nil
		}
	}
	return pgerr.Unsupported("CREATE DATABASE with " + strings.ToUpper(o.Defname))
}

func (w *work) encoding(o *pg_query.DefElem, text string) error {
	if o.Arg == nil {
		return nil
	}
	switch strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(text)) {
	case "utf8", "unicode", "6":
		return nil
	case "sqlascii", "latin1", "latin9", "iso88591", "win1252", "eucjp", "0", "8":
		return pgerr.Unsupported("the encoding " + text)
	}
	return w.errorf(o.Location, pgerr.UndefinedObject, "%s is not a valid encoding name", text)
}

func databaseFlag(o *pg_query.DefElem, text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "on", "1":
		return true, nil
	case "false", "off", "0":
		return false, nil
	}
	return false, pgerr.Newf(pgerr.SyntaxError, "%s requires a Boolean value", o.Defname)
}

// alterDatabase runs ALTER DATABASE with options.
func (w *work) alterDatabase(n *pg_query.AlterDatabaseStmt) error {
	db, err := w.database(n.Dbname)
	if err != nil {
		return err
	}
	for _, x := range n.Options {
		switch o := x.GetDefElem(); o.Defname {
		case "connection_limit", "allow_connections", "is_template":
		case "tablespace":
			return pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", optionText(o.Arg))
		default:
			return w.errorf(o.Location, pgerr.SyntaxError, "option \"%s\" not recognized", o.Defname)
		}
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, db); err != nil {
		return err
	}
	_, err = w.Catalog.AlterDatabase(w.Ctx, db.OID, func(d *desc.Database) error {
		_, err := w.databaseOptions(d, n.Options)
		return err
	})
	return err
}

// dropDatabase runs DROP DATABASE.
func (w *work) dropDatabase(n *pg_query.DropdbStmt) error {
	if w.InBlock {
		return pgerr.New(pgerr.ActiveSQLTransaction, "DROP DATABASE cannot run inside a transaction block")
	}
	d := w.Catalog.DatabaseByName(n.Dbname)
	if d == nil {
		if n.MissingOk {
			w.noticef(pgerr.SuccessfulCompletion, "database \"%s\" does not exist, skipping", n.Dbname)
			return nil
		}
		return pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", n.Dbname)
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassDatabase, OID: d.OID}); err != nil {
		return err
	}
	if len(n.Options) > 0 && d.OID != w.Catalog.Database().OID {
		if err := w.Terminate(d.OID); err != nil {
			return err
		}
	}
	return w.Catalog.DropDatabase(w.Ctx, d.OID, w.InUse)
}
