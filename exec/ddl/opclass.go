package ddl

import (
	"strconv"
	"sync"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// btreeClass is an operator class of the access method btree. All order bytes and values as the type's codec does, which is the only order there is: the
// classes *_pattern_ops are the same as the default ones in the collation C.
type btreeClass struct {
	oid       desc.OID
	input     desc.OID
	isDefault bool
}

// polymorphic tells whether a class takes a type by being for arrays, enums, records or ranges in general.
func (c *btreeClass) polymorphic(t *pgtype.Type) bool {
	switch c.input {
	case pgtype.OIDAnyarray:
		return t.IsArray()
	case pgtype.OIDAnyenum:
		return t.Kind == pgtype.KindEnum
	case pgtype.OIDRecord:
		return t.Kind == pgtype.KindComposite
	}
	return false
}

// btreeMethod is pg_am's btree.
const btreeMethod = 403

var btreeClasses = sync.OnceValue(func() map[string]*btreeClass {
	t := pgfacts.Load("pg_opclass")
	oid := func(row []string, column string) desc.OID {
		n, _ := strconv.ParseUint(row[t.Column(column)], 10, 32)
		return desc.OID(n)
	}
	out := make(map[string]*btreeClass)
	for _, row := range t.Rows {
		if oid(row, "opcmethod") == btreeMethod {
			out[row[t.Column("opcname")]] = &btreeClass{oid: oid(row, "oid"), input: oid(row, "opcintype"), isDefault: row[t.Column("opcdefault")] == "t"}
		}
	}
	return out
})

func findOperatorClass(name string) *btreeClass { return btreeClasses()[name] }
