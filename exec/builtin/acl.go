package builtin

import (
	"strconv"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func parseOID(s string) pgtype.OID {
	n, _ := strconv.ParseUint(s, 10, 32)
	return pgtype.OID(n)
}

// aclArray makes an aclitem[].
func aclArray(c *Call, list desc.ACL) pgtype.Datum {
	elems := make([]pgtype.Datum, len(list))
	for i, item := range list {
		elems[i] = pgtype.Text(item.Text(c.Env.Catalog()))
	}
	return pgtype.NewArrayValue(pgtype.AclitemType, elems)
}

func aclDefault(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	kind, owner := byte(a[0].Int()), a[1].OID()
	switch kind {
	case 'c':
		return aclArray(c, nil), nil
	case 'r', 's', 'd', 'f', 'l', 'n', 'T':
		return aclArray(c, desc.DefaultPrivileges(kind, owner)), nil
	}
	own := map[byte]desc.Privilege{'L': desc.Select | desc.Update, 't': desc.Create, 'F': desc.Usage, 'S': desc.Usage, 'p': desc.SetParam | desc.AlterSystem}[kind]
	if own == 0 {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "unrecognized object type abbreviation: %s", string(rune(kind)))
	}
	return aclArray(c, desc.ACL{{Grantee: owner, Grantor: owner, Privileges: own}}), nil
}

func makeACLItem(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	words := map[string]desc.Privilege{}
	for _, w := range []map[string]desc.Privilege{tableWords, sequenceWords, databaseWords, schemaWords, executeWords, settingWords} {
		for k, v := range w {
			words[k] = v
		}
	}
	wanted, err := parsePrivileges(a[2].Text(), words)
	if err != nil {
		return pgtype.Null, err
	}
	item := desc.ACLItem{Grantee: a[0].OID(), Grantor: a[1].OID()}
	for _, w := range wanted {
		item.Privileges |= w.privilege
	}
	if a[3].Bool() {
		item.GrantOptions = item.Privileges
	}
	return pgtype.Text(item.Text(c.Env.Catalog())), nil
}

// aclExplode gives one row for each privilege of each item: grantor, grantee, privilege_type, is_grantable.
func aclExplode(c *Call, a []pgtype.Datum) (Rows, error) {
	var rows []pgtype.Datum
	types := []*pgtype.Type{pgtype.OidType, pgtype.OidType, pgtype.TextType, pgtype.BoolType}
	for _, e := range a[0].Array().Elems {
		if e.IsNull() {
			return nil, pgerr.New(pgerr.NullValueNotAllowed, "ACL arrays must not contain null values")
		}
		item, err := desc.ParseACLItem(e.Text(), c.Env.Catalog())
		if err != nil {
			return nil, err
		}
		for bit := desc.Privilege(1); bit <= desc.AlterSystem; bit <<= 1 {
			if item.Privileges&bit != 0 {
				rows = append(rows, outRecord(c, types, pgtype.OIDValue(item.Grantor), pgtype.OIDValue(item.Grantee), pgtype.Text(bit.String()),
					pgtype.Bool(item.GrantOptions&bit != 0)))
			}
		}
	}
	return listed(rows), nil
}

func aclContains(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	want, err := desc.ParseACLItem(a[1].Text(), c.Env.Catalog())
	if err != nil {
		return pgtype.Null, err
	}
	for _, e := range a[0].Array().Elems {
		item, err := desc.ParseACLItem(e.Text(), c.Env.Catalog())
		if err != nil {
			return pgtype.Null, err
		}
		if item.Grantee == want.Grantee && item.Grantor == want.Grantor && item.Privileges&want.Privileges == want.Privileges &&
			item.GrantOptions&want.GrantOptions == want.GrantOptions {
			return pgtype.Bool(true), nil
		}
	}
	return pgtype.Bool(false), nil
}

// listed is a set whose rows are at hand.
func listed(rows []pgtype.Datum) Rows { return &listedRows{rows} }

type listedRows struct{ rows []pgtype.Datum }

func (l *listedRows) Next() (pgtype.Datum, bool, error) {
	if len(l.rows) == 0 {
		return pgtype.Null, false, nil
	}
	d := l.rows[0]
	l.rows = l.rows[1:]
	return d, true, nil
}

// outRecord makes a row of a function with several OUT columns; their names are the function's.
func outRecord(c *Call, types []*pgtype.Type, fields ...pgtype.Datum) pgtype.Datum {
	return pgtype.RecordValue(&pgtype.Record{Type: pgtype.RecordType, Types: types, Names: outNames(c), Fields: fields})
}

// outNames are the names of a function's OUT and TABLE columns.
func outNames(c *Call) []string {
	if c.Proc == nil {
		return nil
	}
	var names []string
	for i := 0; i < len(c.Proc.Modes) && i < len(c.Proc.ArgNames); i++ {
		if m := c.Proc.Modes[i]; m == 'o' || m == 't' || m == 'b' {
			names = append(names, c.Proc.ArgNames[i])
		}
	}
	return names
}

// outTypes are the types of a function's OUT and TABLE columns.
func outTypes(c *Call) []*pgtype.Type {
	var types []*pgtype.Type
	for i := 0; i < len(c.Proc.Modes); i++ {
		if m := c.Proc.Modes[i]; m == 'o' || m == 't' || m == 'b' {
			types = append(types, pgtype.ByOID(c.Proc.AllArgs[i]))
		}
	}
	return types
}
