package builtin

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// sizeFamily is the sizes of objects and their print.
var sizeFamily = []Def{
	{Name: "pg_relation_size", Scalar: relationSize},
	{OID: sqlFunction("pg_relation_size", pgtype.OIDRegclass), Name: "pg_relation_size", Scalar: relationSize},
	{Name: "pg_table_size", Scalar: relationSize},
	{Name: "pg_indexes_size", Scalar: indexesSize},
	{Name: "pg_total_relation_size", Scalar: totalSize},
	{Name: "pg_database_size_name", Scalar: databaseSizeByName},
	{Name: "pg_database_size_oid", Scalar: databaseSize},
	{Name: "pg_relation_filenode", Scalar: relationFilenode},
	{Name: "pg_relation_filepath", Scalar: relationFilepath},
	{Name: "pg_tablespace_location", Scalar: tablespaceLocation},
	{Name: "pg_tablespace_size_oid", Scalar: tablespaceSize},
	{Name: "pg_tablespace_size_name", Scalar: tablespaceSizeByName},
	{Name: "pg_size_pretty", Scalar: sizePretty},
	{Name: "pg_size_pretty_numeric", Scalar: sizePrettyNumeric},
	{Name: "pg_size_bytes", Scalar: sizeBytes},
	{Name: "pg_column_size", Scalar: columnSize},
	{Name: "pg_column_compression", Scalar: givesNull},
}

func relationSize(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	r := c.Env.Catalog()
	if _, x := r.Index(a[0].OID()); x == nil && r.Relation(a[0].OID()) == nil {
		return pgtype.Null, nil
	}
	if len(a) > 1 {
		switch a[1].Text() {
		case "main":
		case "fsm", "vm", "init":
			return pgtype.Int(0), nil
		default:
			return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid fork name").WithHint(`Valid fork names are "main", "fsm", "vm", and "init".`)
		}
	}
	return pgtype.Int(c.Env.RelationSize(a[0].OID())), nil
}

func indexesSize(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel := c.Env.Catalog().Relation(a[0].OID())
	if rel == nil {
		return pgtype.Null, nil
	}
	return pgtype.Int(indexBytes(c, rel)), nil
}

func indexBytes(c *Call, rel *desc.Relation) int64 {
	n := int64(0)
	for i := range rel.Indexes {
		n += c.Env.RelationSize(rel.Indexes[i].OID)
	}
	return n
}

func totalSize(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	rel := c.Env.Catalog().Relation(a[0].OID())
	if rel == nil {
		return relationSize(c, a)
	}
	return pgtype.Int(c.Env.RelationSize(rel.OID) + indexBytes(c, rel)), nil
}

func databaseSizeByName(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	oid, err := findDatabase(c, a[0].Text())
	if err != nil {
		return pgtype.Null, err
	}
	return databaseSize(c, []pgtype.Datum{pgtype.OIDValue(oid)})
}

// databaseSize adds up the relations of a database.
func databaseSize(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if n, ok := c.Env.DatabaseSize(a[0].OID()); ok {
		return pgtype.Int(n), nil
	}
	return pgtype.Null, nil
}

func databaseBytes(c *Call) int64 {
	n := int64(0)
	for d := range c.Env.Catalog().Databases() {
		size, _ := c.Env.DatabaseSize(d.OID)
		n += size
	}
	return n
}

// The tablespaces that there are.
const (
	defaultTablespace = 1663
	globalTablespace  = 1664
)

// tablespaceSize is that of all databases, which are in pg_default.
func tablespaceSize(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	switch a[0].OID() {
	case defaultTablespace:
		return pgtype.Int(databaseBytes(c)), nil
	case globalTablespace:
		return pgtype.Int(0), nil
	}
	return pgtype.Null, nil
}

func tablespaceSizeByName(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	switch a[0].Text() {
	case "pg_default":
		return tablespaceSize(c, []pgtype.Datum{pgtype.OIDValue(defaultTablespace)})
	case "pg_global":
		return tablespaceSize(c, []pgtype.Datum{pgtype.OIDValue(globalTablespace)})
	}
	return pgtype.Null, pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", a[0].Text())
}

func relationFilenode(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	r := c.Env.Catalog()
	if rel := r.Relation(a[0].OID()); rel != nil && (rel.Kind == desc.Table || rel.Kind == desc.Sequence || rel.Kind == desc.MatView) {
		return a[0], nil
	}
	if _, x := r.Index(a[0].OID()); x != nil {
		return a[0], nil
	}
	return pgtype.Null, nil
}

// relationFilepath names the file that PostgreSQL would keep a relation in; the store's files are not by relation.
func relationFilepath(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	node, err := relationFilenode(c, a)
	d := c.Env.Catalog().Database()
	if err != nil || node.IsNull() || d == nil {
		return pgtype.Null, err
	}
	return pgtype.Text("base/" + strconv.FormatUint(uint64(d.OID), 10) + "/" + strconv.FormatUint(uint64(node.OID()), 10)), nil
}

func tablespaceLocation(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	switch a[0].OID() {
	case 0, defaultTablespace, globalTablespace:
		return pgtype.Text(""), nil
	}
	return pgtype.Null, pgerr.Newf(pgerr.UndefinedObject, "tablespace with OID %d does not exist", a[0].OID())
}

// sizeUnit is a step of pg_size_pretty: values below limit are shown in it, and it has 2 to the bits bytes.
type sizeUnit struct {
	name  string
	limit int64
	round bool
	bits  uint
}

var sizeUnits = []sizeUnit{
	{"bytes", 10 * 1024, false, 0},
	{"kB", 20*1024 - 1, true, 10},
	{"MB", 20*1024 - 1, true, 20},
	{"GB", 20*1024 - 1, true, 30},
	{"TB", 20*1024 - 1, true, 40},
	{"PB", 20*1024 - 1, true, 50},
}

func sizePretty(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Text(prettySize(big.NewInt(a[0].Int()))), nil
}

func prettySize(v *big.Int) string {
	size := new(big.Int).Set(v)
	for i, u := range sizeUnits {
		last := i == len(sizeUnits)-1
		if last || new(big.Int).Abs(size).Cmp(big.NewInt(u.limit)) < 0 {
			if u.round {
				size = halfRounded(size)
			}
			return size.String() + " " + u.name
		}
		next := sizeUnits[i+1]
		bits := next.bits - u.bits
		if next.round {
			bits--
		}
		if u.round {
			bits++
		}
		size.Quo(size, new(big.Int).Lsh(big.NewInt(1), bits))
	}
	return ""
}

// halfRounded halves, rounding away from zero.
func halfRounded(v *big.Int) *big.Int {
	out := new(big.Int).Set(v)
	if out.Sign() < 0 {
		out.Sub(out, big.NewInt(1))
	} else {
		out.Add(out, big.NewInt(1))
	}
	return out.Quo(out, big.NewInt(2))
}

func sizePrettyNumeric(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x := a[0].Numeric()
	if !x.IsFinite() {
		return pgtype.Text(x.String() + " bytes"), nil
	}
	limit := numeric.FromInt64(sizeUnits[0].limit)
	if numeric.Cmp(numeric.Abs(x), limit) < 0 {
		return pgtype.Text(x.String() + " bytes"), nil
	}
	return pgtype.Text(prettySize(numeric.Trunc(x, 0).BigInt())), nil
}

// sizeFactors are the units that pg_size_bytes reads.
var sizeFactors = map[string]uint{"bytes": 0, "b": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40, "pb": 50}

func sizeBytes(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	arg := a[0].Text()
	s := strings.Trim(arg, " \t\n\r\f\v")
	end := sizeNumberEnd(s)
	if end == 0 {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid size: \"%s\"", arg)
	}
	x, err := numeric.Parse(s[:end])
	if err != nil {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid size: \"%s\"", arg)
	}
	if unit := strings.TrimLeft(s[end:], " \t\n\r\f\v"); unit != "" {
		bits, ok := sizeFactors[strings.ToLower(unit)]
		if !ok {
			return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "invalid size: \"%s\"", arg).WithDetail("Invalid size unit: \"%s\".", unit).
				WithHint(`Valid units are "bytes", "B", "kB", "MB", "GB", "TB", and "PB".`)
		}
		if x, err = numeric.Mul(x, numeric.FromInt64(1<<bits)); err != nil {
			return pgtype.Null, err
		}
	}
	if x, err = numeric.Round(x, 0); err != nil {
		return pgtype.Null, err
	}
	v, err := x.Int64()
	return pgtype.Int(v), err
}

// sizeNumberEnd finds where the number at the start of a size ends; 0 when there is none.
func sizeNumberEnd(s string) int {
	i, digits := 0, 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	count := func() {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
			digits++
		}
	}
	count()
	if i < len(s) && s[i] == '.' {
		i++
		count()
	}
	if digits == 0 {
		return 0
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '-' || s[j] == '+') {
			j++
		}
		if j < len(s) && s[j] >= '0' && s[j] <= '9' {
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			i = j
		}
	}
	return i
}

// columnSize is the number of bytes that a value takes: a fixed-length type's length, else the stored form's with a header as PostgreSQL's.
func columnSize(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	t := c.Types[0]
	if t.Len > 0 {
		return pgtype.Int(int64(t.Len)), nil
	}
	n := 0
	switch t.BaseType().Rep {
	case pgtype.RepBytes:
		n = len(a[0].Bytes())
	case pgtype.RepArray:
		return pgtype.Int(int64(arraySize(c, a[0].Array()))), nil
	case pgtype.RepRecord:
		return pgtype.Int(int64(rowSize(c, a[0].Record()))), nil
	case pgtype.RepNumeric:
		// The stored form has the scale and weight in one word where they fit, as they do in nearly every number.
		const wireHeader = 8
		n = len(t.Codec.AppendBinary(c.Text, nil, a[0])) - wireHeader + 2
	default:
		n = len(t.Codec.AppendBinary(c.Text, nil, a[0]))
	}
	if t.Len == -2 {
		return pgtype.Int(int64(n + 1)), nil
	}
	if n+4 > math.MaxInt32 {
		n = math.MaxInt32 - 4
	}
	if t == pgtype.UnknownType {
		return pgtype.Int(int64(n + 1)), nil
	}
	return pgtype.Int(int64(n + varHeader)), nil
}

// rowHeader and arrayHeader are the bytes before the values of a row and of an array without dimensions.
const (
	rowHeader   = 23
	arrayHeader = 16
)

func aligned(n, to int) int { return (n + to - 1) / to * to }

// addSize adds the size of a value to n, behind its padding. Short values of variable length have a header of one byte and no padding inside a row.
func addSize(c *Call, n int, t *pgtype.Type, d pgtype.Datum, packed bool) int {
	site := *c
	site.Types = []*pgtype.Type{t}
	v, err := columnSize(&site, []pgtype.Datum{d})
	if err != nil {
		return n
	}
	size := int(v.Int())
	if t.Len < 0 && packed && size-varHeader+1 <= math.MaxInt8 {
		return n + size - varHeader + 1
	}
	switch t.Proc.Align {
	case 's':
		n = aligned(n, 2)
	case 'i':
		n = aligned(n, 4)
	case 'd':
		n = aligned(n, 8)
	}
	return n + size
}

func rowSize(c *Call, r *pgtype.Record) int {
	header := rowHeader
	for _, d := range r.Fields {
		if d.IsNull() {
			header += (len(r.Fields) + 7) / 8
			break
		}
	}
	n := 0
	for i, d := range r.Fields {
		if !d.IsNull() {
			n = addSize(c, n, r.Types[i], d, true)
		}
	}
	return aligned(header, 8) + n
}

func arraySize(c *Call, a *pgtype.Array) int {
	header := arrayHeader + 8*len(a.Dims)
	for _, d := range a.Elems {
		if d.IsNull() {
			header += (len(a.Elems) + 7) / 8
			break
		}
	}
	n := 0
	for _, d := range a.Elems {
		if d.IsNull() {
			continue
		}
		n = addSize(c, n, a.Elem, d, false)
		if a.Elem.Len < 0 {
			n = aligned(n, 4)
		}
	}
	return aligned(header, 8) + n
}

// SizeInRow is the number of bytes that a value takes in one of PostgreSQL's rows, padding apart: pg_stats.avg_width is the mean of it.
func SizeInRow(text *pgtype.Context, t *pgtype.Type, d pgtype.Datum) int {
	c := &Call{Text: text}
	return addSize(c, 0, t, d, true)
}
