package rocks

import (
	"bufio"
	"fmt"
	"io"
	"math/rand"
	"os"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
)

// crashWriter commits from several goroutines until it is killed, a row and an index entry at a time.
func crashWriter(dir string) {
	o := small
	o.MemtableBytes = 1 << 20 // tables are written all the time
	s, err := Open(dir, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ballast := make([]byte, 20_000)
	rand.New(rand.NewSource(1)).Read(ballast)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ; i++ {
				key := fmt.Sprintf("%s.%d.%d", os.Getenv("KALAMPG_CRASH_ROUND"), g, i)
				x, err := s.Begin(bg, kv.TxnOptions{})
				if err == nil {
					x.Put(row("%s", key), []byte(key))
					x.Put(row("ballast%d.%d", g, i%50), ballast)
					x.Put(append([]byte{kv.SpaceIndex}, key...), []byte(key))
					_, err = x.Commit(bg)
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				mu.Lock()
				fmt.Fprintf(os.Stdout, "ack %s.\n", key)
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
}

// readAcknowledged collects up to limit keys; a line that was cut off does not count.
func readAcknowledged(r io.Reader, into map[string]bool, limit int) int {
	in := bufio.NewReaderSize(r, 16)
	for n := 0; ; n++ {
		if n == limit {
			return n
		}
		line, err := in.ReadString('\n')
		if err != nil {
			return n
		}
		var key string
		if _, err := fmt.Sscanf(line, "ack %s", &key); err == nil && key[len(key)-1] == '.' {
			into[key[:len(key)-1]] = true
		}
	}
}
