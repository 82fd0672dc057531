package analyze

import (
	"math"

	"github.com/kalampg/kalampg/catalog/desc"
)

// Alike tells whether plans made from old statistics are good with new ones: the table has about as many rows, and its columns about as many different
// values and NULLs. Then cached plans are kept.
func Alike(old, now *desc.Statistics) bool {
	if old == nil || old.Rows < 0 || !near(old.Rows, now.Rows, 100) || len(old.Columns) != len(now.Columns) {
		return false
	}
	for i := range now.Columns {
		a, b := &old.Columns[i], &now.Columns[i]
		if a.Num != b.Num || a.Type != b.Type || math.Abs(a.NullFrac-b.NullFrac) > 0.1 || !near(different(a, old), different(b, now), 20) {
			return false
		}
		if (len(a.Common) == 0) != (len(b.Common) == 0) || len(a.Common) > 0 && math.Abs(a.CommonFreqs[0]-b.CommonFreqs[0]) > 0.1 {
			return false
		}
	}
	return true
}

func different(c *desc.ColumnStatistics, s *desc.Statistics) float64 {
	if c.Distinct < 0 {
		return -c.Distinct * s.Rows
	}
	return c.Distinct
}

// near tells whether two numbers differ by less than a factor of two, or are both small.
func near(a, b, small float64) bool { return max(a, b) <= small || max(a, b) < 2*min(a, b) }
