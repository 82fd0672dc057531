package analyze

import (
	"math"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// wide is the size from which on values count as all different and are not listed: statistics are read for every plan.
const wide = 1024

// item is a value of the sample and its place among those that are not NULL.
type item struct {
	value pgtype.Datum
	at    int
}

// group is a value that occurs count times in the sample.
type group struct {
	value pgtype.Datum
	count int
}

// column computes one column's statistics.
func (r *Request) column(sample *userdata.Sample, c *desc.Column) desc.ColumnStatistics {
	t := r.Type(c.Type)
	out := desc.ColumnStatistics{Num: c.Num, Type: c.Type}
	out.Ready()
	var items []item
	nulls, tooWide, width := 0, 0, 0.0
	for _, row := range sample.Rows {
		v := row[c.Num-1]
		if v.IsNull() {
			nulls++
			continue
		}
		size := int(t.Len)
		if t.Len <= 0 {
			size = builtin.SizeInRow(r.Text, t, v)
		}
		width += float64(size)
		if size > wide {
			tooWide++
			continue
		}
		items = append(items, item{v, len(items)})
	}
	rows := len(sample.Rows)
	out.NullFrac = float64(float32(nulls) / float32(rows))
	if nulls == rows {
		if t.Len > 0 {
			out.Width = int32(t.Len)
		}
		return out
	}
	out.Width = int32(width / float64(rows-nulls))
	if t.Codec == nil || !t.Codec.Comparable() {
		return out
	}
	k := &counted{t: t, rows: rows, nulls: nulls, tooWide: tooWide, total: float64(sample.Total), target: r.target(c)}
	k.sort(items)
	out.Distinct = k.distinct(out.NullFrac)
	common := k.common(out.Distinct, out.NullFrac)
	for _, g := range common {
		out.Common = append(out.Common, t.Codec.AppendStored([]byte{}, g.value))
		out.CommonFreqs = append(out.CommonFreqs, float64(float32(g.count)/float32(rows)))
	}
	for _, v := range k.bounds(items, common) {
		out.Bounds = append(out.Bounds, t.Codec.AppendStored([]byte{}, v))
	}
	if len(items) > 1 {
		out.Correlated, out.Correlation = true, k.correlation
	}
	return out
}

// counted is the sample of a column, sorted and grouped.
type counted struct {
	t                    *pgtype.Type
	rows, nulls, tooWide int
	total                float64 // rows of the table
	target               int

	groups      int // different values
	several     int // of them, those that occur more than once
	repeated    []group
	correlation float64
}

// sort orders the items by value, those of one value as they came, and groups them.
func (k *counted) sort(items []item) {
	slices.SortFunc(items, func(a, b item) int {
		if c := k.t.Codec.Compare(a.value, b.value); c != 0 {
			return c
		}
		return a.at - b.at
	})
	n := float64(len(items))
	products := 0.0
	for i := 0; i < len(items); {
		j := i
		for ; j < len(items) && (j == i || k.t.Codec.Compare(items[i].value, items[j].value) == 0); j++ {
			products += float64(j) * float64(items[j].at)
		}
		k.groups++
		if j-i > 1 {
			k.several++
			k.repeated = append(k.repeated, group{items[i].value, j - i})
		}
		i = j
	}
	if len(items) > 1 { // the places are 0 … n-1 in both orders, which makes the sums known
		sum, squares := (n-1)*n/2, (n-1)*n*(2*n-1)/6
		k.correlation = float64(float32((n*products - sum*sum) / (n*squares - sum*sum)))
	}
	slices.SortStableFunc(k.repeated, func(a, b group) int { return b.count - a.count })
}

// distinct estimates the number of different values in the table, as a share of the rows where it seems to grow with them.
func (k *counted) distinct(nullFrac float64) float64 {
	d := 0.0
	switch {
	case k.several == 0: // no value twice: a key
		return float64(float32(-(1 - nullFrac)))
	case k.tooWide == 0 && k.several == k.groups: // every value several times: these are all
		d = float64(k.groups)
	default:
		once := float64(k.groups - k.several + k.tooWide)
		all := once + float64(k.several)
		n := float64(k.rows - k.nulls)
		total := k.total * (1 - nullFrac)
		if total > 0 {
			d = n * all / (n - once + once*n/total)
		}
		d = math.Floor(min(max(d, all), max(total, all)) + 0.5)
	}
	if d > 0.1*k.total {
		d = -d / k.total
	}
	return float64(float32(d))
}

// bounds divides the values that are not common into parts of equal size.
func (k *counted) bounds(items []item, common []group) []pgtype.Datum {
	n := min(k.groups-len(common), k.target+1)
	if n < 2 {
		return nil
	}
	var rest []pgtype.Datum
	for i := 0; i < len(items); {
		j := i + 1
		for j < len(items) && k.t.Codec.Compare(items[i].value, items[j].value) == 0 {
			j++
		}
		if !k.among(common, items[i].value) {
			for ; i < j; i++ {
				rest = append(rest, items[i].value)
			}
		}
		i = j
	}
	out := make([]pgtype.Datum, n)
	for i := range out {
		out[i] = rest[i*(len(rest)-1)/(n-1)]
	}
	return out
}

func (k *counted) among(common []group, v pgtype.Datum) bool {
	for _, g := range common {
		if k.t.Codec.Compare(g.value, v) == 0 {
			return true
		}
	}
	return false
}
