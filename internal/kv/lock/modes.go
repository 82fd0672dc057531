package lock

import "github.com/kalampg/kalampg/internal/kv"

const modeCount = int(kv.AccessExclusive) + 1

// modeSet is a set of lock modes, a bit each.
type modeSet uint16

func setOf(modes ...kv.LockMode) modeSet {
	var s modeSet
	for _, m := range modes {
		s |= 1 << m
	}
	return s
}

func (s modeSet) has(m kv.LockMode) bool { return s&(1<<m) != 0 }

// conflicts holds PostgreSQL's two conflict tables (chapter 13.3): the modes that each mode cannot be held together with. Row modes and
// relation modes never meet on one key and so do not conflict with each other.
var conflicts = [modeCount]modeSet{
	kv.ForKeyShare:    setOf(kv.ForUpdate),
	kv.ForShare:       setOf(kv.ForNoKeyUpdate, kv.ForUpdate),
	kv.ForNoKeyUpdate: setOf(kv.ForShare, kv.ForNoKeyUpdate, kv.ForUpdate),
	kv.ForUpdate:      setOf(kv.ForKeyShare, kv.ForShare, kv.ForNoKeyUpdate, kv.ForUpdate),

	kv.AccessShare:  setOf(kv.AccessExclusive),
	kv.RowShare:     setOf(kv.Exclusive, kv.AccessExclusive),
	kv.RowExclusive: setOf(kv.Share, kv.ShareRowExclusive, kv.Exclusive, kv.AccessExclusive),
	kv.ShareUpdateExclusive: setOf(kv.ShareUpdateExclusive, kv.Share, kv.ShareRowExclusive, kv.Exclusive,
		kv.AccessExclusive),
	kv.Share: setOf(kv.RowExclusive, kv.ShareUpdateExclusive, kv.ShareRowExclusive, kv.Exclusive, kv.AccessExclusive),
	kv.ShareRowExclusive: setOf(kv.RowExclusive, kv.ShareUpdateExclusive, kv.Share, kv.ShareRowExclusive, kv.Exclusive,
		kv.AccessExclusive),
	kv.Exclusive: setOf(kv.RowShare, kv.RowExclusive, kv.ShareUpdateExclusive, kv.Share, kv.ShareRowExclusive, kv.Exclusive,
		kv.AccessExclusive),
	kv.AccessExclusive: setOf(kv.AccessShare, kv.RowShare, kv.RowExclusive, kv.ShareUpdateExclusive, kv.Share,
		kv.ShareRowExclusive, kv.Exclusive, kv.AccessExclusive),
}

// Conflict tells whether two owners cannot hold a and b on one key at the same time.
func Conflict(a, b kv.LockMode) bool { return conflicts[a].has(b) }

// conflictsOf is everything that any mode of s conflicts with.
func conflictsOf(s modeSet) modeSet {
	var c modeSet
	for m := range conflicts {
		if s.has(kv.LockMode(m)) {
			c |= conflicts[m]
		}
	}
	return c
}

// covers tells whether holding s is at least as strong as mode, so that mode needs no check: whoever conflicts with mode
// conflicts with s already.
func (s modeSet) covers(mode kv.LockMode) bool {
	if s.has(mode) {
		return true
	}
	for m := range conflicts {
		if s.has(kv.LockMode(m)) && conflicts[mode]&^conflicts[m] == 0 {
			return true
		}
	}
	return false
}
