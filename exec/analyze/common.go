package analyze

import "math"

// common gives the values that are worth listing, the most common first. When the values that occur several times are all there are, and not too many, it is all of
// them; else those that are clearly more common than the rest would make one expect.
func (k *counted) common(distinct, nullFrac float64) []group {
	n := min(len(k.repeated), k.target)
	if len(k.repeated) == k.groups && k.tooWide == 0 && distinct > 0 && k.groups <= k.target {
		return k.repeated
	}
	return k.repeated[:k.significant(n, distinct, nullFrac)]
}

// significant drops the least common values as long as their count in the sample may well be by chance: not above what an average value that is not listed would have, by
// two standard deviations of the hypergeometric distribution.
func (k *counted) significant(n int, distinct, nullFrac float64) int {
	sampled, total := float64(k.rows), k.total
	if sampled == total || total <= 1 {
		return n
	}
	if distinct < 0 {
		distinct = -distinct * total
	}
	sum := 0.0
	for i := 0; i < n-1; i++ {
		sum += float64(k.repeated[i].count)
	}
	for n > 0 {
		share := min(max(1-sum/sampled-nullFrac, 0), 1)
		if others := distinct - float64(n-1); others > 1 {
			share /= others
		}
		count := float64(k.repeated[n-1].count)
		inTable := total * count / sampled
		variance := sampled * inTable * (total - inTable) * (total - sampled) / (total * total * (total - 1))
		if count > share*sampled+2*math.Sqrt(variance)+0.5 {
			break
		}
		if n--; n > 0 {
			sum -= float64(k.repeated[n-1].count)
		}
	}
	return n
}
