package bind

import (
	"strconv"
	"strings"
	"sync"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// The types that code here refers to.
var (
	unknownType = pgtype.ByOID(pgtype.OIDUnknown)
	textType    = pgtype.ByOID(pgtype.OIDText)
	boolType    = pgtype.ByOID(pgtype.OIDBool)
	int4Type    = pgtype.ByOID(pgtype.OIDInt4)
	int8Type    = pgtype.ByOID(pgtype.OIDInt8)
	recordType  = pgtype.ByOID(pgtype.OIDRecord)
)

// TypeName finds a type by its name in the tree, with its modifier.
func TypeName(env *Env, n *pg_query.TypeName) (t *pgtype.Type, typmod int32, err error) {
	b := newBinder(nil, env, "")
	err = guard(func() { t, typmod = b.typeName(n) })
	return t, typmod, err
}

// Serial tells whether a type name is one of the serial pseudo-types of CREATE TABLE, and which integer type it stands for.
func Serial(n *pg_query.TypeName) (*pgtype.Type, bool) {
	if len(n.Names) != 1 || n.Setof || n.PctType || len(n.ArrayBounds) > 0 {
		return nil, false
	}
	switch nodeString(n.Names[0]) {
	case "smallserial", "serial2":
		return pgtype.ByOID(pgtype.OIDInt2), true
	case "serial", "serial4":
		return int4Type, true
	case "bigserial", "serial8":
		return int8Type, true
	}
	return nil, false
}

// typ finds a type by OID.
func (b *binder) typ(oid desc.OID) *pgtype.Type {
	t := pgtype.ByOID(oid)
	if t == nil || t.Kind == pgtype.KindComposite {
		if own := b.env.Catalog.Type(oid); own != nil {
			return own
		}
	}
	if t == nil {
		b.errorf(-1, pgerr.UndefinedObject, "type with OID %d does not exist", oid)
	}
	return t
}

func (b *binder) typeName(n *pg_query.TypeName) (*pgtype.Type, int32) {
	if n.PctType {
		b.unsupported(n.Location, "%TYPE")
	}
	if n.Setof {
		b.errorf(n.Location, pgerr.SyntaxError, "type %s cannot be a set here", typeNameText(n))
	}
	t := b.lookupTypeName(n)
	if t == nil {
		b.errorf(n.Location, pgerr.UndefinedObject, "type \"%s\" does not exist", typeNameText(n))
	}
	if len(n.ArrayBounds) > 0 {
		a := pgtype.ArrayOf(t)
		if t.IsArray() && t.OID != pgtype.OIDInt2vector && t.OID != pgtype.OIDOidvector {
			a = t
		}
		if a == nil {
			b.errorf(n.Location, pgerr.UndefinedObject, "type \"%s[]\" does not exist", typeNameText(n))
		}
		t = a
	}
	return t, b.typmod(n, t)
}

func (b *binder) lookupTypeName(n *pg_query.TypeName) *pgtype.Type {
	if len(n.Names) == 0 {
		return b.env.Catalog.Type(desc.OID(n.TypeOid))
	}
	schema, name := b.qualified(n.Names, n.Location)
	return b.lookupType(schema, name, n.Location)
}

func (b *binder) lookupType(schema, name string, loc int32) *pgtype.Type {
	if schema != "" {
		return b.typeIn(b.schema(schema, loc).OID, name)
	}
	for _, s := range b.env.SearchPath {
		if t := b.typeIn(s, name); t != nil {
			return t
		}
	}
	return nil
}

func (b *binder) typeIn(schema desc.OID, name string) *pgtype.Type {
	if schema == desc.PgCatalogOID {
		if t := pgtype.ByName(name); t != nil && t.Schema == "pg_catalog" && t.Kind != pgtype.KindComposite {
			return t
		}
	}
	if t := b.env.Catalog.TypeByName(schema, name); t != nil || schema != desc.InformationSchemaOID {
		return t
	}
	return informationSchemaTypes()[name]
}

// informationSchemaTypes are the domains of information_schema by name.
var informationSchemaTypes = sync.OnceValue(func() map[string]*pgtype.Type {
	m := make(map[string]*pgtype.Type, 16)
	for _, t := range pgtype.All() {
		if t.Schema == "information_schema" {
			m[t.Name] = t
		}
	}
	return m
})

// qualified splits a dotted name into schema ("" for none) and name; a database in front must be the current one.
func (b *binder) qualified(names []*pg_query.Node, loc int32) (schema, name string) {
	switch len(names) {
	case 1:
		return "", nodeString(names[0])
	case 2:
		return nodeString(names[0]), nodeString(names[1])
	case 3:
		if nodeString(names[0]) != b.env.Catalog.Database().Name {
			b.errorf(loc, pgerr.FeatureNotSupported, "cross-database references are not implemented: %s", dotted(names))
		}
		return nodeString(names[1]), nodeString(names[2])
	}
	b.errorf(loc, pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", dotted(names))
	return "", ""
}

// schema finds a schema by name.
func (b *binder) schema(name string, loc int32) *desc.Schema {
	if name == "pg_temp" && b.env.TempSchema != 0 {
		if s := b.env.Catalog.Schema(b.env.TempSchema); s != nil {
			return s
		}
	}
	s := b.env.Catalog.SchemaByName(name)
	if s == nil {
		b.errorf(loc, pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
	}
	return s
}

// typmod reads the modifiers of a type name.
func (b *binder) typmod(n *pg_query.TypeName, t *pgtype.Type) int32 {
	if len(n.Typmods) == 0 {
		return n.Typemod
	}
	elem := t
	if t.IsArray() && t.Elem != nil {
		elem = t.Elem
	}
	if !elem.HasTypmod() {
		b.errorf(n.Location, pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", typeNameText(n))
	}
	mods := make([]int32, len(n.Typmods))
	for i, m := range n.Typmods {
		mods[i] = b.typmodValue(n, m)
	}
	if b.env.Warn != nil {
		if text := pgtype.TypmodWarning(elem, mods); text != "" {
			w := pgerr.Notice("WARNING", pgerr.InvalidParameterValue, "%s", text)
			if b.source != "" && n.Location >= 0 {
				w.At(parse.Position(b.source, n.Location))
			}
			b.env.Warn(w)
		}
	}
	mod, err := pgtype.TypmodIn(elem, mods)
	if e, ok := pgerr.As(err); ok {
		b.failAt(n.Location, e)
	}
	check(err)
	return mod
}

func (b *binder) typmodValue(n *pg_query.TypeName, m *pg_query.Node) int32 {
	if c := m.GetAConst(); c != nil {
		switch v := c.Val.(type) {
		case *pg_query.A_Const_Ival:
			return v.Ival.Ival
		case *pg_query.A_Const_Fval:
			if x, err := strconv.ParseInt(v.Fval.Fval, 0, 32); err == nil {
				return int32(x)
			}
			b.errorf(n.Location, pgerr.NumericValueOutOfRange, "value \"%s\" is out of range for type integer", v.Fval.Fval)
		case *pg_query.A_Const_Sval:
			if x, err := strconv.ParseInt(v.Sval.Sval, 10, 32); err == nil {
				return int32(x)
			}
			b.errorf(n.Location, pgerr.InvalidTextRepresentation, "invalid input syntax for type integer: \"%s\"", v.Sval.Sval)
		}
	}
	if e := m.GetAExpr(); e != nil && e.Lexpr == nil && operatorName(e.Name) == "-" {
		return -b.typmodValue(n, e.Rexpr)
	}
	b.errorf(n.Location, pgerr.SyntaxError, "type modifiers must be simple constants or identifiers")
	return -1
}

// typeNameText shows a type name as it was written.
func typeNameText(n *pg_query.TypeName) string {
	s := dotted(n.Names)
	if n.PctType {
		s += "%TYPE"
	}
	for range n.ArrayBounds {
		s += "[]"
	}
	return s
}

func nodeString(n *pg_query.Node) string { return n.GetString_().GetSval() }

func dotted(names []*pg_query.Node) string {
	parts := make([]string, len(names))
	for i, n := range names {
		switch {
		case n.GetAStar() != nil:
			parts[i] = "*"
		default:
			parts[i] = nodeString(n)
		}
	}
	return strings.Join(parts, ".")
}

// operatorName is an operator's name without its schema.
func operatorName(names []*pg_query.Node) string {
	if len(names) == 0 {
		return ""
	}
	return nodeString(names[len(names)-1])
}
