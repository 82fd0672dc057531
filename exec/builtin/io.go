package builtin

import (
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// ioFamily is the types' output and send functions, called as ordinary functions.
var ioFamily = ioDefs()

// ioDefs takes the names from pg_type. Functions that serve several types find the type of their argument in the call.
func ioDefs() []Def {
	declared := make(map[string]bool)
	procs := pgfacts.Procs()
	for i := range procs {
		if len(procs[i].Args) == 1 {
			declared[procs[i].Src] = true
		}
	}
	var defs []Def
	add := func(name string, code Scalar) {
		if declared[name] {
			declared[name] = false
			defs = append(defs, Def{Name: name, Scalar: code})
		}
	}
	for _, t := range pgtype.All() {
		add(t.Proc.Output, output)
		add(t.Proc.Send, send)
	}
	return defs
}

func output(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Bytes(c.Types[0].Codec.AppendText(c.Text, nil, a[0])), nil
}

func send(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Bytes(c.Types[0].Codec.AppendBinary(c.Text, nil, a[0])), nil
}
