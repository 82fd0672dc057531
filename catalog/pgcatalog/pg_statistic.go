package pgcatalog

import (
	"sync"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// The kinds of statistics in the slots of a row of pg_statistic.
const (
	kindCommon      = 1
	kindHistogram   = 2
	kindCorrelation = 3
)

// slot is one of the five parts of a row of pg_statistic.
type slot struct {
	kind    int
	op      pgtype.OID
	numbers pgtype.Datum
	values  pgtype.Datum
}

const slots = 5

var pgStatistic = base{name: "pg_statistic", user: statisticRows}

func statisticRows(r catalog.Reader, q *query) {
	ownRelation(r, q, "starelid", func(rel *desc.Relation) bool {
		s := r.Statistics(rel.OID)
		if s == nil {
			return !q.done
		}
		for i := range s.Columns {
			if c := &s.Columns[i]; rel.ColumnByNum(c.Num) != nil && rel.ColumnByNum(c.Num).Type == c.Type {
				emitStatistics(r, q, rel, c)
			}
		}
		return !q.done
	})
}

func emitStatistics(r catalog.Reader, q *query, rel *desc.Relation, c *desc.ColumnStatistics) {
	t := r.Type(c.Type)
	if t == nil {
		return
	}
	var parts []slot
	common, bounds := c.Values(t)
	less, equal := orderOperators(t)
	if len(common) > 0 {
		parts = append(parts, slot{kindCommon, equal, floats(c.CommonFreqs), array(t, common)})
	}
	if len(bounds) > 0 {
		parts = append(parts, slot{kindHistogram, less, null, array(t, bounds)})
	}
	if c.Correlated {
		parts = append(parts, slot{kindCorrelation, less, floats([]float64{c.Correlation}), null})
	}
	row := []pgtype.Datum{oid(rel.OID), num(c.Num), no, pgtype.Float(c.NullFrac), num(c.Width), pgtype.Float(c.Distinct)}
	at := func(field func(slot) pgtype.Datum, otherwise pgtype.Datum) {
		for i := range slots {
			v := otherwise
			if i < len(parts) {
				v = field(parts[i])
			}
			row = append(row, v)
		}
	}
	collation := rel.ColumnByNum(c.Num).Collation
	at(func(s slot) pgtype.Datum { return num(s.kind) }, zero)
	at(func(s slot) pgtype.Datum { return oid(s.op) }, zero)
	at(func(s slot) pgtype.Datum { return oid(collation) }, zero)
	at(func(s slot) pgtype.Datum { return s.numbers }, null)
	at(func(s slot) pgtype.Datum { return s.values }, null)
	q.emit(row...)
}

// floats is a float4[].
func floats(list []float64) pgtype.Datum {
	elems := make([]pgtype.Datum, len(list))
	for i, f := range list {
		elems[i] = pgtype.Float(f)
	}
	return array(pgtype.ByOID(pgtype.OIDFloat4), elems)
}

// operators of a btree operator family for one type.
type orderPair struct{ less, equal pgtype.OID }

var familyOperators = sync.OnceValue(func() map[[2]pgtype.OID]orderPair {
	m := make(map[[2]pgtype.OID]orderPair)
	facts("pg_amop", func(f fact) {
		if f.oid("amopmethod") != btreeMethod || f.oid("amoplefttype") != f.oid("amoprighttype") {
			return
		}
		k := [2]pgtype.OID{f.oid("amopfamily"), f.oid("amoplefttype")}
		p := m[k]
		switch f.num("amopstrategy") {
		case 1:
			p.less = f.oid("amopopr")
		case 3:
			p.equal = f.oid("amopopr")
		}
		m[k] = p
	})
	return m
})

var opclassFamily = sync.OnceValue(func() map[pgtype.OID][2]pgtype.OID {
	m := make(map[pgtype.OID][2]pgtype.OID)
	facts("pg_opclass", func(f fact) { m[f.oid("oid")] = [2]pgtype.OID{f.oid("opcfamily"), f.oid("opcintype")} })
	return m
})

// orderOperators gives the operators < and = of a type's default order.
func orderOperators(t *pgtype.Type) (less, equal pgtype.OID) {
	p := familyOperators()[opclassFamily()[DefaultOpclass(t, btreeMethod)]]
	return p.less, p.equal
}
