package desc

import (
	"math"
	"sync"
	"time"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// Statistics is what ANALYZE found in a table: pg_class.reltuples and relpages, and a pg_statistic row per column. It is kept beside the relation's descriptor, so that
// analysing a table does not change the descriptor that plans and opened tables hold.
type Statistics struct {
	Relation OID
	Rows     float64 // -1: not known (any more)
	Bytes    int64   // of the stored rows with their keys
	Scopes   int64   // users that have rows, in a table that is scoped; else 1
	Columns  []ColumnStatistics
	Analyzed time.Time // by ANALYZE
	Auto     time.Time // by the server itself
}

// Pages is pg_class.relpages: how many of PostgreSQL's pages the rows would fill.
func (s *Statistics) Pages() int64 { return (s.Bytes + 8191) / 8192 }

// Column finds the statistics of a column whose type is still what it was when they were taken; nil when there are none.
func (s *Statistics) Column(num int16, typ OID) *ColumnStatistics {
	if s == nil {
		return nil
	}
	for i := range s.Columns {
		if c := &s.Columns[i]; c.Num == num && c.Type == typ {
			return c
		}
	}
	return nil
}

// ColumnStatistics is one column's part, with the meanings of pg_statistic.
type ColumnStatistics struct {
	Num      int16
	Type     OID
	NullFrac float64
	Width    int32   // average bytes of a value that is not NULL, as PostgreSQL stores it
	Distinct float64 // number of different values; negative: minus their share of the rows; 0: unknown
	// Common are the most common values in stored form with their shares of all rows, the most common first. Bounds divide the other values into parts
	// of equal size.
	Common      [][]byte
	CommonFreqs []float64
	Bounds      [][]byte
	Correlated  bool // Correlation is known
	Correlation float64

	once    *sync.Once // decodes; shared by copies
	decoded *decodedStatistics
}

type decodedStatistics struct{ common, bounds []pgtype.Datum }

// Ready prepares a column's statistics for Values; whoever makes them without Decode calls it.
func (c *ColumnStatistics) Ready() { c.once, c.decoded = new(sync.Once), new(decodedStatistics) }

// Values gives the most common values and the bounds as values of the column's type. They are decoded once.
func (c *ColumnStatistics) Values(t *pgtype.Type) (common, bounds []pgtype.Datum) {
	c.once.Do(func() {
		c.decoded.common = decodeValues(t, c.Common)
		c.decoded.bounds = decodeValues(t, c.Bounds)
	})
	return c.decoded.common, c.decoded.bounds
}

// decodeValues gives nothing when a value does not decode: statistics are only a help.
func decodeValues(t *pgtype.Type, list [][]byte) []pgtype.Datum {
	out := make([]pgtype.Datum, len(list))
	for i, b := range list {
		v, err := t.Codec.DecodeStored(b)
		if err != nil {
			return nil
		}
		out[i] = v
	}
	return out
}

// Encode gives the stored form.
func (s *Statistics) Encode() []byte {
	return encode(func(w *writer) {
		w.oid(1, s.Relation)
		w.float(2, s.Rows)
		w.int(3, s.Bytes)
		w.int(4, s.Scopes)
		w.time(5, s.Analyzed)
		w.time(6, s.Auto)
		for i := range s.Columns {
			w.sub(7, s.Columns[i].encode)
		}
	})
}

// DecodeStatistics reads what Encode wrote.
func DecodeStatistics(b []byte) (*Statistics, error) {
	s := &Statistics{}
	err := decode(b, func(r *reader) {
		switch r.tag {
		case 1:
			s.Relation = r.oid()
		case 2:
			s.Rows = r.float()
		case 3:
			s.Bytes = r.int()
		case 4:
			s.Scopes = r.int()
		case 5:
			s.Analyzed = r.time()
		case 6:
			s.Auto = r.time()
		case 7:
			var c ColumnStatistics
			r.sub(c.decodeField)
			c.Ready()
			s.Columns = append(s.Columns, c)
		}
	})
	return s, err
}

func (c *ColumnStatistics) encode(w *writer) {
	w.int(1, int64(c.Num))
	w.oid(2, c.Type)
	w.float(3, c.NullFrac)
	w.int(4, int64(c.Width))
	w.float(5, c.Distinct)
	for _, v := range c.Common {
		w.elem(6, string(v))
	}
	for _, f := range c.CommonFreqs {
		w.uint(7, math.Float64bits(f))
	}
	for _, v := range c.Bounds {
		w.elem(8, string(v))
	}
	w.bool(9, c.Correlated)
	w.float(10, c.Correlation)
}

func (c *ColumnStatistics) decodeField(r *reader) {
	switch r.tag {
	case 1:
		c.Num = int16(r.int())
	case 2:
		c.Type = r.oid()
	case 3:
		c.NullFrac = r.float()
	case 4:
		c.Width = int32(r.int())
	case 5:
		c.Distinct = r.float()
	case 6:
		c.Common = append(c.Common, r.bytes())
	case 7:
		c.CommonFreqs = append(c.CommonFreqs, r.float())
	case 8:
		c.Bounds = append(c.Bounds, r.bytes())
	case 9:
		c.Correlated = r.bool()
	case 10:
		c.Correlation = r.float()
	}
}

func (w *writer) float(tag int, v float64) { w.uint(tag, math.Float64bits(v)) }
func (r *reader) float() float64           { return math.Float64frombits(r.n) }
