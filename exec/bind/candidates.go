package bind

import (
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// candidate is one overload that is considered: the types that it takes for the arguments of the call, in their order.
type candidate[T any] struct {
	what T
	args []*pgtype.Type
	// For functions: how the call maps onto the declared arguments.
	variadic bool  // the last declared argument is repeated
	defaults int   // number of arguments taken from defaults
	order    []int // for named arguments: order[i] is the declared position of the call's i-th argument; nil: as written
}

// matching keeps the candidates whose arguments the given types can be coerced to implicitly.
func matching[T any](b *binder, given []*pgtype.Type, cands []candidate[T]) []candidate[T] {
	var out []candidate[T]
	for _, c := range cands {
		if b.canCoerceAll(given, c.args, implicitCast) {
			out = append(out, c)
		}
	}
	return out
}

// selectCandidate picks the best of several matching overloads by PostgreSQL's rules (manual, 10.2 and 10.3); ok is false when none is.
func selectCandidate[T any](b *binder, given []*pgtype.Type, cands []candidate[T]) (best candidate[T], ok bool) {
	base := make([]*pgtype.Type, len(given))
	unknowns := 0
	for i, t := range given {
		base[i] = t.BaseType()
		if t == unknownType {
			unknowns++
		}
	}
	exact := func(c candidate[T], i int) bool { return base[i] != unknownType && c.args[i] == base[i] }
	cands = mostMatches(cands, len(given), exact)
	if len(cands) == 1 {
		return cands[0], true
	}
	cands = mostMatches(cands, len(given), func(c candidate[T], i int) bool {
		return exact(c, i) || base[i] != unknownType && c.args[i].Category == base[i].Category && c.args[i].Preferred
	})
	if len(cands) == 1 {
		return cands[0], true
	}
	if unknowns == 0 {
		return best, false
	}
	cands = byUnknownCategory(cands, base)
	if len(cands) == 1 {
		return cands[0], true
	}
	if unknowns < len(given) {
		return byKnownType(b, cands, base)
	}
	return best, false
}

// mostMatches keeps the candidates with the most arguments for which match holds.
func mostMatches[T any](cands []candidate[T], n int, match func(candidate[T], int) bool) []candidate[T] {
	var out []candidate[T]
	most := -1
	for _, c := range cands {
		count := 0
		for i := range n {
			if match(c, i) {
				count++
			}
		}
		if count > most {
			most, out = count, nil
		}
		if count == most {
			out = append(out, c)
		}
	}
	return out
}

// byUnknownCategory guesses the category of each unknown argument from what the candidates accept there, strings first, and keeps those
// that agree with the guess.
func byUnknownCategory[T any](cands []candidate[T], base []*pgtype.Type) []candidate[T] {
	category := make([]byte, len(base))
	preferred := make([]bool, len(base))
	for i, t := range base {
		if t != unknownType {
			continue
		}
		conflict := false
		for _, c := range cands {
			a := c.args[i]
			switch {
			case category[i] == 0:
				category[i], preferred[i] = a.Category, a.Preferred
			case a.Category == category[i]:
				preferred[i] = preferred[i] || a.Preferred
			case a.Category == 'S':
				category[i], preferred[i] = 'S', a.Preferred
			default:
				conflict = true
			}
		}
		if conflict && category[i] != 'S' {
			return cands
		}
	}
	kept := slices.DeleteFunc(slices.Clone(cands), func(c candidate[T]) bool {
		for i, t := range base {
			if t == unknownType && (c.args[i].Category != category[i] || preferred[i] && !c.args[i].Preferred) {
				return true
			}
		}
		return false
	})
	if len(kept) == 0 {
		return cands
	}
	return kept
}

// byKnownType takes the unknown arguments to be of the one type that all known ones have.
func byKnownType[T any](b *binder, cands []candidate[T], base []*pgtype.Type) (best candidate[T], ok bool) {
	var known *pgtype.Type
	for _, t := range base {
		switch {
		case t == unknownType:
		case known == nil:
			known = t
		case known != t:
			return best, false
		}
	}
	if known == nil {
		return best, false
	}
	all := make([]*pgtype.Type, len(base))
	for i := range all {
		all[i] = known
	}
	found := 0
	for _, c := range cands {
		if b.canCoerceAll(all, c.args, implicitCast) {
			best = c
			found++
		}
	}
	return best, found == 1
}
