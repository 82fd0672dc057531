package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"sync"
)

// Keys holds the process id and secret of every connection: whoever knows both may cancel what the connection runs. It is safe for concurrent use.
type Keys struct {
	mu   sync.Mutex
	last int32
	held map[int32]key
}

type key struct {
	secret [4]byte
	cancel func()
}

// NewKeys makes an empty Keys.
func NewKeys() *Keys { return &Keys{held: make(map[int32]key)} }

// Add registers a connection and gives its process id and secret. Ids are small, positive and not reused before they wrap around.
func (k *Keys) Add(cancel func()) (pid int32, secret [4]byte, err error) {
	if _, err := rand.Read(secret[:]); err != nil {
		return 0, secret, fmt.Errorf("make a cancel key: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		k.last = k.last%(1<<31-1) + 1
		if _, taken := k.held[k.last]; !taken {
			break
		}
	}
	k.held[k.last] = key{secret, cancel}
	return k.last, secret, nil
}

// Remove forgets a connection.
func (k *Keys) Remove(pid int32) {
	k.mu.Lock()
	delete(k.held, pid)
	k.mu.Unlock()
}

// Cancel cancels what the connection runs, if the secret is right; it does not tell.
func (k *Keys) Cancel(pid int32, secret []byte) {
	k.mu.Lock()
	held, ok := k.held[pid]
	k.mu.Unlock()
	if ok && subtle.ConstantTimeCompare(held.secret[:], secret) == 1 {
		held.cancel()
	}
}
