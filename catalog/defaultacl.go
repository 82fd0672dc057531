package catalog

import "github.com/kalampg/kalampg/catalog/desc"

// defaultACL is the ACL that an object begins with by ALTER DEFAULT PRIVILEGES of its owner, nil for the built-in default.
func (t *Txn) defaultACL(object byte, owner, schema OID) desc.ACL {
	return nil
}
