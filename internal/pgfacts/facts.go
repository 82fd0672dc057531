package pgfacts

import (
	"strings"
	"sync"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// Proc is a pg_proc row: a function, aggregate, window function or procedure.
type Proc struct {
	OID      pgtype.OID
	Name     string
	Kind     byte // 'f' function, 'a' aggregate, 'w' window, 'p' procedure
	Strict   bool
	RetSet   bool
	Volatile byte // 'i', 's', 'v'
	Variadic pgtype.OID
	Result   pgtype.OID
	Args     []pgtype.OID // input arguments
	AllArgs  []pgtype.OID // all arguments when there are OUT or TABLE ones, else nil
	Modes    string       // as long as AllArgs: i, o, b, v, t
	ArgNames []string
	Defaults []string // SQL text of the defaults of the last len(Defaults) input arguments
	Language string
	Src      string // the C function's name for internal ones
}

// Procs are all built-in rows of pg_proc by OID.
var Procs = once("pg_proc", func(r row) Proc {
	p := Proc{
		OID: r.oid("oid"), Name: r.str("proname"), Kind: r.byte("prokind"), Strict: r.bool("proisstrict"), RetSet: r.bool("proretset"),
		Volatile: r.byte("provolatile"), Variadic: r.oid("provariadic"), Result: r.oid("prorettype"), Args: r.oids("proargtypes"),
		AllArgs: r.oids("proallargtypes"), Modes: strings.Join(r.strs("proargmodes"), ""), ArgNames: r.strs("proargnames"), Src: r.str("prosrc"),
	}
	switch r.oid("prolang") {
	case 12:
		p.Language = "internal"
	case 14:
		p.Language = "sql"
	default:
		p.Language = "c"
	}
	if d := r.str("proargdefaults"); d != "" {
		p.Defaults = strings.Split(d, ", ")
	}
	return p
})

// Operator is a pg_operator row; Left is 0 for a prefix operator.
type Operator struct {
	OID, Left, Right, Result, Commutator, Negator pgtype.OID
	Name                                          string
	CanMerge, CanHash                             bool
	Code                                          string // regproc text
	Restrict, Join                                string // the names of the functions that estimate it; "-" for none
}

// Operators are all built-in rows of pg_operator.
var Operators = once("pg_operator", func(r row) Operator {
	return Operator{
		OID: r.oid("oid"), Left: r.oid("oprleft"), Right: r.oid("oprright"), Result: r.oid("oprresult"), Commutator: r.oid("oprcom"),
		Negator: r.oid("oprnegate"), Name: r.str("oprname"), CanMerge: r.bool("oprcanmerge"), CanHash: r.bool("oprcanhash"), Code: r.str("oprcode"),
		Restrict: r.str("oprrest"), Join: r.str("oprjoin"),
	}
})

// Cast is a pg_cast row.
type Cast struct {
	OID, Source, Target, Func pgtype.OID
	Context                   byte // 'i' implicit, 'a' assignment, 'e' explicit
	Method                    byte // 'f' function, 'i' in/out, 'b' binary
}

// Casts are all built-in rows of pg_cast.
var Casts = once("pg_cast", func(r row) Cast {
	return Cast{r.oid("oid"), r.oid("castsource"), r.oid("casttarget"), r.oid("castfunc"), r.byte("castcontext"), r.byte("castmethod")}
})

// Aggregate is a pg_aggregate row.
type Aggregate struct {
	Func       pgtype.OID
	Kind       byte // 'n' normal, 'o' ordered-set, 'h' hypothetical-set
	DirectArgs int
	SortOp     pgtype.OID
}

// Aggregates are all built-in rows of pg_aggregate.
var Aggregates = once("pg_aggregate", func(r row) Aggregate {
	return Aggregate{r.oid("aggfnoid"), r.byte("aggkind"), r.int("aggnumdirectargs"), r.oid("aggsortop")}
})

// Setting is a pg_settings row as of an untouched server.
type Setting struct {
	Name, Value, Unit, Category, Short, Extra, Context, Type, Min, Max, Boot string
	Enum                                                                     []string
}

// Settings are all settings of PostgreSQL 16 by name.
var Settings = once("pg_settings", func(r row) Setting {
	return Setting{
		Name: r.str("name"), Value: r.str("setting"), Unit: r.str("unit"), Category: r.str("category"), Short: r.str("short_desc"),
		Extra: r.str("extra_desc"), Context: r.str("context"), Type: r.str("vartype"), Min: r.str("min_val"), Max: r.str("max_val"), Boot: r.str("boot_val"), Enum: r.strs("enumvals"),
	}
})

var procIndex = sync.OnceValue(func() map[pgtype.OID]*Proc {
	procs := Procs()
	m := make(map[pgtype.OID]*Proc, len(procs))
	for i := range procs {
		m[procs[i].OID] = &procs[i]
	}
	return m
})

// ProcByOID finds a built-in function, nil when there is none.
func ProcByOID(oid pgtype.OID) *Proc { return procIndex()[oid] }

var procNames = sync.OnceValue(func() map[string][]*Proc {
	procs := Procs()
	m := make(map[string][]*Proc, len(procs))
	for i := range procs {
		m[procs[i].Name] = append(m[procs[i].Name], &procs[i])
	}
	return m
})

// ProcsByName finds the built-in functions of a name.
func ProcsByName(name string) []*Proc { return procNames()[name] }

var operatorNames = sync.OnceValue(func() map[string][]*Operator {
	ops := Operators()
	m := make(map[string][]*Operator, len(ops))
	for i := range ops {
		m[ops[i].Name] = append(m[ops[i].Name], &ops[i])
	}
	return m
})

// OperatorsByName finds the built-in operators of a name.
func OperatorsByName(name string) []*Operator { return operatorNames()[name] }

var operatorIndex = sync.OnceValue(func() map[pgtype.OID]*Operator {
	ops := Operators()
	m := make(map[pgtype.OID]*Operator, len(ops))
	for i := range ops {
		m[ops[i].OID] = &ops[i]
	}
	return m
})

// OperatorByOID finds a built-in operator, nil when there is none.
func OperatorByOID(oid pgtype.OID) *Operator { return operatorIndex()[oid] }

type castKey struct{ source, target pgtype.OID }

var castIndex = sync.OnceValue(func() map[castKey]*Cast {
	casts := Casts()
	m := make(map[castKey]*Cast, len(casts))
	for i := range casts {
		m[castKey{casts[i].Source, casts[i].Target}] = &casts[i]
	}
	return m
})

// CastBetween finds the cast from source to target, nil when there is none.
func CastBetween(source, target pgtype.OID) *Cast { return castIndex()[castKey{source, target}] }
