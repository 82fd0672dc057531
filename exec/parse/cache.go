package parse

import (
	"container/list"
	"hash/maphash"
	"sync"
)

// Cache keeps the statements of recently parsed texts. It is safe for concurrent use: texts are spread over shards, each a least-recently-used list that
// is bounded by bytes of text.
type Cache struct {
	seed   maphash.Seed
	shards [cacheShards]shard
}

const cacheShards = 16

// maxCachedText is the longest text that is kept: longer ones are bulk statements that do not come again.
const maxCachedText = 32 << 10

type shard struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // front: used last
	size  int
	limit int
}

type entry struct {
	text  string
	stmts []*Statement
}

// NewCache makes a cache for about limit bytes of statement text; the trees take some twenty times that.
func NewCache(limit int) *Cache {
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].byKey = make(map[string]*list.Element)
		c.shards[i].limit = limit / cacheShards
	}
	return c
}

// Parse is the function Parse with the cache in front. Errors are not kept.
func (c *Cache) Parse(text string) ([]*Statement, error) {
	if len(text) > maxCachedText {
		return Parse(text)
	}
	s := &c.shards[maphash.String(c.seed, text)%cacheShards]
	if stmts, ok := s.get(text); ok {
		return stmts, nil
	}
	stmts, err := Parse(text)
	if err != nil {
		return nil, err
	}
	s.put(text, stmts)
	return stmts, nil
}

func (s *shard) get(text string) ([]*Statement, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.byKey[text]
	if !ok {
		return nil, false
	}
	s.order.MoveToFront(e)
	return e.Value.(*entry).stmts, true
}

func (s *shard) put(text string, stmts []*Statement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.byKey[text]; ok || len(text) > s.limit {
		return
	}
	s.byKey[text] = s.order.PushFront(&entry{text, stmts})
	s.size += len(text)
	for s.size > s.limit {
		last := s.order.Back()
		old := s.order.Remove(last).(*entry)
		delete(s.byKey, old.text)
		s.size -= len(old.text)
	}
}
