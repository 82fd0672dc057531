package desc

// Privilege is a set of privilege bits, PostgreSQL's AclMode.
type Privilege uint32

// The privileges with their letters in an aclitem.
const (
	Insert      Privilege = 1 << iota // a
	Select                            // r
	Update                            // w
	Delete                            // d
	Truncate                          // D
	References                        // x
	Trigger                           // t
	Execute                           // X
	Usage                             // U
	Create                            // C
	Temporary                         // T
	Connect                           // c
	SetParam                          // s
	AlterSystem                       // A
)

// ACLItem grants privileges to a role (0: PUBLIC).
type ACLItem struct {
	Grantee, Grantor OID
	Privileges       Privilege
	GrantOptions     Privilege
}

// ACL is a list of grants. A nil ACL is the default of the object's kind; an empty one grants nothing.
type ACL []ACLItem
