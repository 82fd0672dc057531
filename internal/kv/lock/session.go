package lock

import (
	"context"

	"github.com/kalampg/kalampg/internal/kv"
)

// Session is a lock owner that outlives transactions (kv.LockSession), and the leader of those begun with it.
type Session struct{ owner Owner }

// NewSession returns a session owner named by tag.
func (m *Manager) NewSession(tag uint64) *Session {
	s := &Session{}
	s.owner.Init(m, nil, tag)
	s.owner.CountHolds()
	return s
}

// Owner is the leader for owners of the session's transactions.
func (s *Session) Owner() *Owner { return &s.owner }

// Lock takes key, once more if the session has it already.
func (s *Session) Lock(ctx context.Context, key []byte, o kv.LockOptions) error {
	return s.owner.Acquire(ctx, key, o)
}

// Unlock gives one Lock of key back and tells whether there was one.
func (s *Session) Unlock(key []byte, mode kv.LockMode) bool { return s.owner.Release(key, mode) }

// UnlockAll gives back everything.
func (s *Session) UnlockAll() { s.owner.ReleaseAll() }
