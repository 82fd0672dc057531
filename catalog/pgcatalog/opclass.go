package pgcatalog

import (
	"sync"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// Opclass is what an index definition shows of a pg_opclass row.
type Opclass struct {
	OID, Method, Type pgtype.OID
	Name              string
	Default           bool
}

type opclassSet struct {
	byOID     map[pgtype.OID]*Opclass
	byDefault map[[2]pgtype.OID]*Opclass // by method and type
}

var opclasses = sync.OnceValue(func() opclassSet {
	s := opclassSet{byOID: map[pgtype.OID]*Opclass{}, byDefault: map[[2]pgtype.OID]*Opclass{}}
	facts("pg_opclass", func(f fact) {
		c := &Opclass{OID: f.oid("oid"), Method: f.oid("opcmethod"), Type: f.oid("opcintype"), Name: f.str("opcname"), Default: f.bool("opcdefault")}
		s.byOID[c.OID] = c
		if c.Default {
			s.byDefault[[2]pgtype.OID{c.Method, c.Type}] = c
		}
	})
	return s
})

// OpclassByOID finds an operator class, nil when there is none.
func OpclassByOID(o pgtype.OID) *Opclass { return opclasses().byOID[o] }

// DefaultOpclass is the default operator class of a type for an access method (403 btree, 405 hash); 0 when there is none.
func DefaultOpclass(t *pgtype.Type, method pgtype.OID) pgtype.OID {
	if t == nil {
		return 0
	}
	t = t.BaseType()
	candidates := []pgtype.OID{t.OID}
	switch {
	case t.OID == pgtype.OIDVarchar:
		candidates = append(candidates, pgtype.OIDText)
	case t.OID == pgtype.OIDCidr:
		candidates = append(candidates, pgtype.OIDInet)
	case t.Kind == pgtype.KindEnum:
		candidates = append(candidates, pgtype.OIDAnyenum)
	case t.Kind == pgtype.KindRange:
		candidates = append(candidates, pgtype.OIDAnyrange)
	case t.Kind == pgtype.KindMultirange:
		candidates = append(candidates, pgtype.OIDAnymultirange)
	case t.Kind == pgtype.KindComposite:
		candidates = append(candidates, pgtype.OIDRecord)
	case t.IsArray():
		candidates = append(candidates, pgtype.OIDAnyarray)
	case t.Category == 'N' && t.Proc.Input != "" && len(t.Name) > 3 && t.Name[:3] == "reg":
		candidates = append(candidates, pgtype.OIDOid)
	}
	for _, c := range candidates {
		if o := opclasses().byDefault[[2]pgtype.OID{method, c}]; o != nil {
			return o.OID
		}
	}
	return 0
}
