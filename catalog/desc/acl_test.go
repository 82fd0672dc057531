package desc

import (
	"testing"

	"github.com/kalampg/kalampg/internal/pgerr"
)

type names map[OID]string

func (n names) Role(oid OID) *Role {
	if s, ok := n[oid]; ok {
		return &Role{OID: oid, Name: s}
	}
	return nil
}

func (n names) RoleByName(name string) *Role {
	for oid, s := range n {
		if s == name {
			return n.Role(oid)
		}
	}
	return nil
}

func TestACLItemText(t *testing.T) {
	n := names{10: "postgres", 20: `odd "name"`, 21: "Ö"}
	for _, text := range []string{"postgres=arwdDxt/postgres", "=r/postgres", `"odd ""name"""=r*w/postgres`, `"Ö"=U*C*/"odd ""name"""`, "postgres=/postgres", "postgres=XcTsA/postgres"} {
		i, err := ParseACLItem(text, n)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := i.Text(n); got != text && !(text == "postgres=XcTsA/postgres" && got == "postgres=XTcsA/postgres") {
			t.Errorf("%s became %s", text, got)
		}
	}
	for text, code := range map[string]pgerr.Code{"postgres": "22P02", "postgres=q/postgres": "22P02", "nobody=r/postgres": "42704", "=r/nobody": "42704", "=r/": "22P02", "=r/postgres x": "22P02", "": "22P02", "*": "22P02"} {
		if _, err := ParseACLItem(text, n); !pgerr.Is(err, code) {
			t.Errorf("%q: %v, want %s", text, err, code)
		}
	}
	if got := (ACLItem{Grantee: 99, Grantor: 10, Privileges: Select}).Text(n); got != "99=r/postgres" {
		t.Error(got)
	}
}

func TestACLArithmetic(t *testing.T) {
	alone := func(a, b OID) bool { return a == b }
	acl := DefaultPrivileges('r', 10)
	var err error
	step := func(next ACL, e error) {
		t.Helper()
		if e != nil {
			t.Fatal(e)
		}
		acl = next
	}
	step(acl.Add(ACLItem{Grantee: 20, Grantor: 10, Privileges: Select, GrantOptions: Select}, 10, alone))
	step(acl.Add(ACLItem{Grantee: 21, Grantor: 20, Privileges: Select, GrantOptions: Select}, 10, alone))
	if _, err = acl.Add(ACLItem{Grantee: 20, Grantor: 21, Privileges: Select, GrantOptions: Select}, 10, alone); !pgerr.Is(err, "0LP01") {
		t.Fatalf("a circle of grant options: %v", err)
	}
	if _, err = acl.Remove(ACLItem{Grantee: 20, Grantor: 10, Privileges: Select, GrantOptions: Select}, 10, false, alone); !pgerr.Is(err, "2BP01") {
		t.Fatalf("dependent privileges: %v", err)
	}
	step(acl.Remove(ACLItem{Grantee: 20, Grantor: 10, Privileges: Select, GrantOptions: Select}, 10, true, alone))
	if len(acl) != 1 || acl[0].Grantee != 10 {
		t.Fatalf("%+v", acl)
	}
	step(acl.Add(ACLItem{Grantor: 10, Privileges: Select}, 10, alone))
	if acl.Privileges(33, Select|Insert, alone) != Select {
		t.Fatal("PUBLIC")
	}
	if got := acl.NewOwner(10, 20); got[0] != (ACLItem{20, 20, AllTable, 0}) {
		t.Fatalf("%+v", got)
	}
}
