package builtin

import (
	"fmt"
	"sort"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// family is the table of one file.
type family struct {
	name string
	defs []Def
}

// families lists every family's table; New refuses what overlaps.
func families() []family {
	return []family{
		{"bool", boolFamily},
		{"integer", integerFamily},
		{"float", floatFamily},
		{"math", mathFamily},
		{"random", randomFamily},
		{"text", textFamily},
		{"format", formatFamily},
		{"bytea", byteaFamily},
		{"encoding", encodingFamily},
		{"unicode", unicodeFamily},
		{"numeric", numericFamily},
		{"to_char", toCharFamily},
		{"like", likeFamily},
		{"regexp", regexpFamily},
		{"date", dateFamily},
		{"time", timeFamily},
		{"timestamp", timestampFamily},
		{"interval", intervalFamily},
		{"time zone", timezoneFamily},
		{"overlaps", overlapsFamily},
		{"time fields", timeFieldsFamily},
		{"time templates", formatTimeFamily},
		{"hash", hashFamily},
		{"bit", bitFamily},
		{"money", moneyFamily},
		{"network address", networkAddressFamily},
		{"log position", positionFamily},
		{"cast", castFamily},
		{"io", ioFamily},
	}
}

// Library is all code by pg_proc OID, and the rows of kalampg's own functions. It is immutable.
type Library struct {
	code   map[pgtype.OID]*Def
	extra  []pgfacts.Proc
	byOID  map[pgtype.OID]*pgfacts.Proc
	byName map[string][]*pgfacts.Proc // the names that Extra has, with PostgreSQL's rows of the same name
}

// New collects the families. It fails when two of them claim the same function or one names a function that nobody declares.
func New() (*Library, error) {
	return newLibrary(append(families(), objectFamilies()...), extraProcs())
}

func newLibrary(families []family, extra []pgfacts.Proc) (*Library, error) {
	l := &Library{
		code: make(map[pgtype.OID]*Def, 2048), extra: extra,
		byOID: make(map[pgtype.OID]*pgfacts.Proc, len(extra)), byName: make(map[string][]*pgfacts.Proc, len(extra)),
	}
	for i := range extra {
		p := &extra[i]
		if l.ProcByOID(p.OID) != nil {
			return nil, fmt.Errorf("builtin: function %s: OID %d is taken", p.Name, p.OID)
		}
		l.byOID[p.OID] = p
		if l.byName[p.Name] == nil {
			l.byName[p.Name] = append(l.byName[p.Name], pgfacts.ProcsByName(p.Name)...)
		}
		l.byName[p.Name] = append(l.byName[p.Name], p)
	}
	bySource := l.sources()
	for _, f := range families {
		for i := range f.defs {
			if err := l.define(&f.defs[i], bySource); err != nil {
				return nil, fmt.Errorf("builtin: family %s: %w", f.name, err)
			}
		}
	}
	return l, nil
}

// sources indexes the rows by what their code is called.
func (l *Library) sources() map[string][]pgtype.OID {
	m := make(map[string][]pgtype.OID, 4096)
	add := func(p *pgfacts.Proc) {
		if p.Language != "sql" && p.Kind == 'f' || p.Kind == 'w' || p.Kind == 'p' {
			m[p.Src] = append(m[p.Src], p.OID)
		}
	}
	procs := pgfacts.Procs()
	for i := range procs {
		add(&procs[i])
	}
	for i := range l.extra {
		add(&l.extra[i])
	}
	return m
}

func (l *Library) define(d *Def, bySource map[string][]pgtype.OID) error {
	codes := 0
	for _, set := range []bool{d.Scalar != nil, d.Set != nil, d.Aggregate != nil, d.Window != nil} {
		if set {
			codes++
		}
	}
	if codes != 1 {
		return fmt.Errorf("%s (OID %d) has %d codes, not one", d.Name, d.OID, codes)
	}
	oids := []pgtype.OID{d.OID}
	if d.OID == 0 {
		oids = bySource[d.Name]
	}
	if len(oids) == 0 {
		return fmt.Errorf("there is no function whose source is %s", d.Name)
	}
	for _, oid := range oids {
		p := l.ProcByOID(oid)
		switch {
		case p == nil:
			return fmt.Errorf("%s: there is no function with OID %d", d.Name, oid)
		case l.code[oid] != nil:
			return fmt.Errorf("%s (OID %d) is defined twice", Signature(p), oid)
		case p.RetSet != (d.Set != nil), (p.Kind == 'a') != (d.Aggregate != nil), (p.Kind == 'w') != (d.Window != nil):
			return fmt.Errorf("%s (OID %d) has the wrong kind of code", Signature(p), oid)
		}
		l.code[oid] = d
	}
	return nil
}

// Scalar finds the code of a function, nil when there is none.
func (l *Library) Scalar(proc pgtype.OID) Scalar {
	if d := l.code[proc]; d != nil {
		return d.Scalar
	}
	return nil
}

// Set finds the code of a set-returning function, nil when there is none.
func (l *Library) Set(proc pgtype.OID) Set {
	if d := l.code[proc]; d != nil {
		return d.Set
	}
	return nil
}

// Aggregate finds the code of an aggregate, nil when there is none. skipNulls says that rows with a NULL argument are not added.
func (l *Library) Aggregate(proc pgtype.OID) (code Aggregate, skipNulls bool) {
	if d := l.code[proc]; d != nil {
		return d.Aggregate, d.SkipNulls
	}
	return nil, false
}

// Def finds the definition of a function, nil when it has no code.
func (l *Library) Def(proc pgtype.OID) *Def { return l.code[proc] }

// Has tells whether a function has code of any kind.
func (l *Library) Has(proc pgtype.OID) bool { return l.code[proc] != nil }

// Procs finds the functions of a name, PostgreSQL's and kalampg's own.
func (l *Library) Procs(name string) []*pgfacts.Proc {
	if own, ok := l.byName[name]; ok {
		return own
	}
	return pgfacts.ProcsByName(name)
}

// ProcByOID finds a function, PostgreSQL's or kalampg's own, nil when there is none.
func (l *Library) ProcByOID(oid pgtype.OID) *pgfacts.Proc {
	if p := pgfacts.ProcByOID(oid); p != nil {
		return p
	}
	return l.byOID[oid]
}

// Extra is the pg_proc rows of kalampg's own functions.
func (l *Library) Extra() []pgfacts.Proc { return l.extra }

// Missing is the error of a call to a function that has no code.
func Missing(p *pgfacts.Proc) error { return pgerr.Unsupported("function " + Signature(p)) }

// Signature is a function's name with its argument types, as messages show it.
func Signature(p *pgfacts.Proc) string {
	names := make([]string, len(p.Args))
	for i, oid := range p.Args {
		names[i] = fmt.Sprint(oid)
		if t := pgtype.ByOID(oid); t != nil {
			names[i] = t.String()
		}
	}
	return p.Name + "(" + strings.Join(names, ", ") + ")"
}

// The OIDs of kalampg's own functions, in the range that PostgreSQL leaves to others before initdb's.
const (
	oidSnowflakeID pgtype.OID = 9200
	oidUUIDv7      pgtype.OID = 9201
	oidUUIDv7Short pgtype.OID = 9202
	oidULID        pgtype.OID = 9203
)

// extraProcs are kalampg's own functions, in pg_catalog.
func extraProcs() []pgfacts.Proc {
	own := func(oid pgtype.OID, name, src string, result pgtype.OID) pgfacts.Proc {
		return pgfacts.Proc{OID: oid, Name: name, Kind: 'f', Strict: true, Volatile: 'v', Result: result, Language: "internal", Src: src}
	}
	procs := []pgfacts.Proc{
		own(oidSnowflakeID, "snowflake_id", "snowflake_id", pgtype.OIDInt8),
		own(oidUUIDv7, "uuid_v7", "uuid_v7", pgtype.OIDUuid),
		own(oidUUIDv7Short, "uuidv7", "uuid_v7", pgtype.OIDUuid),
		own(oidULID, "ulid", "ulid", pgtype.OIDText),
	}
	sort.Slice(procs, func(i, j int) bool { return procs[i].OID < procs[j].OID })
	return procs
}
