package pgtype

import (
	_ "embed"
	"strconv"
	"strings"
)

// builtinRows is pg_type of a fresh PostgreSQL 16, one row a line, columns separated by tabs.
//
//go:embed builtin.tsv
var builtinRows string

// maxBuiltinOID is above every OID that initdb gives a type.
const maxBuiltinOID = 16384

// firstInformationSchemaOID is above pg_catalog's types: the domains of information_schema and their arrays follow.
const firstInformationSchemaOID = 13127

// catalogTypes is the set of built-in types, by every way one looks for them.
type catalogTypes struct {
	byOID  [maxBuiltinOID]*Type
	byName map[string]*Type
	all    []*Type
}

var builtin = loadBuiltin()

// ByOID finds a built-in type; nil when there is none.
func ByOID(oid OID) *Type {
	if oid >= maxBuiltinOID {
		return nil
	}
	return builtin.byOID[oid]
}

// ByName finds a type of pg_catalog by pg_type.typname ("int4", "_int4"); nil when there is none.
func ByName(typname string) *Type { return builtin.byName[typname] }

// All lists the built-in types by OID. The caller does not change the slice.
func All() []*Type { return builtin.all }

// ArrayOf gives the type of arrays of t; nil when there is none.
func ArrayOf(t *Type) *Type { return t.array }

// BaseType looks through domains.
func (t *Type) BaseType() *Type {
	for t.Base != nil {
		t = t.Base
	}
	return t
}

// loadBuiltin reads the rows twice: elements may come after their arrays.
func loadBuiltin() *catalogTypes {
	c := &catalogTypes{byName: make(map[string]*Type, 512)}
	lines := strings.Split(strings.TrimSuffix(builtinRows, "\n"), "\n")
	elems := make([]OID, len(lines))
	for i, line := range lines {
		t, elem := parseBuiltinRow(strings.Split(line, "\t"))
		c.byOID[t.OID] = t
		if t.OID < firstInformationSchemaOID {
			c.byName[t.Name] = t
		}
		c.all = append(c.all, t)
		elems[i] = elem
	}
	for i, t := range c.all {
		t.Elem = c.byOID[elems[i]]
		t.array = c.byOID[t.ArrayOID]
	}
	for _, t := range c.all {
		if t.Kind == KindDomain {
			setInformationSchemaDomain(c, t)
		}
	}
	for _, t := range c.all {
		if t.OID >= firstInformationSchemaOID && t.Elem != nil {
			t.Schema = t.Elem.Schema
		}
	}
	linkRanges(c)
	for _, t := range c.all {
		t.Rep, t.Codec = builtinCodec(t)
	}
	return c
}

func parseBuiltinRow(f []string) (t *Type, elem OID) {
	num := func(s string) OID {
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			panic("pgtype: builtin.tsv: " + err.Error())
		}
		return OID(v)
	}
	t = &Type{
		OID: num(f[0]), Name: f[1], Schema: "pg_catalog", Len: int16(num(f[2])), ByVal: f[3] == "t", Kind: Kind(f[4][0]), Category: f[5][0],
		Preferred: f[6] == "t", Delim: f[7][0], ArrayOID: num(f[11]), BaseMod: -1, Collation: num(f[20]),
		Proc: Procs{
			Relation: num(f[8]), Subscript: f[9], Input: f[12], Output: f[13], Receive: f[14], Send: f[15],
			ModifierIn: f[16], ModifierOut: f[17], Align: f[18][0], Storage: f[19][0],
		},
	}
	return t, num(f[10])
}

// setInformationSchemaDomain gives the domains of information_schema their base types, which the rows do not tell.
func setInformationSchemaDomain(c *catalogTypes, t *Type) {
	base, mod := "varchar", int32(-1)
	switch t.Name {
	case "cardinal_number":
		base = "int4"
	case "sql_identifier":
		base = "name"
	case "time_stamp":
		base, mod = "timestamptz", 2
	case "yes_or_no":
		mod = 3 + varHeader
	}
	t.Schema, t.Base, t.BaseMod = "information_schema", c.byName[base], mod
}

// NewArray makes the array type of elem, a user-defined type, and makes ArrayOf(elem) find it. It is for the time when elem itself is made: types do
// not change once they are shared.
func NewArray(oid OID, name string, elem *Type) *Type {
	t := &Type{
		OID: oid, Name: name, Schema: elem.Schema, Len: -1, Kind: KindBase, Category: 'A', Delim: elem.Delim, Elem: elem,
		BaseMod: -1, Collation: elem.Collation, Rep: RepArray,
		Proc: Procs{
			Subscript: "array_subscript_handler", Input: "array_in", Output: "array_out", Receive: "array_recv", Send: "array_send",
			ModifierIn: "-", ModifierOut: "-", Align: 'i', Storage: 'x',
		},
	}
	if elem.Proc.Align == 'd' {
		t.Proc.Align = 'd'
	}
	t.Codec = arrayCodec{t: t, elem: elem}
	elem.ArrayOID, elem.array = oid, t
	return t
}

// NewEnum makes an enum type and, when arrayOID is not 0, its array type "_name". Labels are in sort order.
func NewEnum(oid, arrayOID OID, schema, name string, labels []EnumLabel) *Type {
	t := &Type{
		OID: oid, Name: name, Schema: schema, Len: 4, ByVal: true, Kind: KindEnum, Category: 'E', Delim: ',', BaseMod: -1, Labels: labels, Rep: RepWord,
		Proc: Procs{
			Subscript: "-", Input: "enum_in", Output: "enum_out", Receive: "enum_recv", Send: "enum_send", ModifierIn: "-", ModifierOut: "-",
			Align: 'i', Storage: 'p',
		},
	}
	t.Codec = newEnumCodec(t)
	return withArray(t, arrayOID)
}

// NewDomain makes a domain over base (baseMod is the base type's modifier, -1 for none) and, when arrayOID is not 0, its array type.
// A value of a domain is a value of its base type; constraints are not the codec's business.
func NewDomain(oid, arrayOID OID, schema, name string, base *Type, baseMod int32) *Type {
	t := &Type{
		OID: oid, Name: name, Schema: schema, Len: base.Len, ByVal: base.ByVal, Kind: KindDomain, Category: base.Category, Delim: base.Delim,
		Base: base, BaseMod: baseMod, Collation: base.Collation, Rep: base.Rep, Proc: base.Proc,
	}
	t.Proc.Input, t.Proc.Receive, t.Proc.ModifierIn, t.Proc.ModifierOut, t.Proc.Subscript = "domain_in", "domain_recv", "-", "-", "-"
	t.Codec = domainCodec{Codec: base.Codec, mod: baseMod}
	return withArray(t, arrayOID)
}

// NewComposite makes a row type and, when arrayOID is not 0, its array type. relation is the table that it is the row type of, or
// the composite's own pg_class row.
func NewComposite(oid, arrayOID, relation OID, schema, name string, columns []Column) *Type {
	t := &Type{
		OID: oid, Name: name, Schema: schema, Len: -1, Kind: KindComposite, Category: 'C', Delim: ',', BaseMod: -1, Columns: columns, Rep: RepRecord,
		Proc: Procs{
			Relation: relation, Subscript: "-", Input: "record_in", Output: "record_out", Receive: "record_recv", Send: "record_send",
			ModifierIn: "-", ModifierOut: "-", Align: 'd', Storage: 'x',
		},
	}
	t.Codec = recordCodec{t: t}
	return withArray(t, arrayOID)
}

func withArray(t *Type, arrayOID OID) *Type {
	if arrayOID != 0 {
		NewArray(arrayOID, "_"+t.Name, t)
	}
	return t
}
