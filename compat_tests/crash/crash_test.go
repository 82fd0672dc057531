package crash

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kalampg/kalampg/compat_tests/load"
	"github.com/kalampg/kalampg/compat_tests/server"
)

var (
	rounds  = flag.Int("rounds", 6, "how often TestKill kills the server")
	seed    = flag.Uint64("seed", 1, "the seed of TestKill; 0: by the clock")
	workers = flag.Int("workers", 12, "how many clients write at a time")
	keep    = flag.String("keep", "", "a folder that gets a copy of the data directory when a round fails")
)

func TestKill(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", *seed)
	s, err := server.Start(t.Context(), server.Options{Arguments: []string{"--http", "off"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	k := &killer{t: t, s: s, random: rand.New(rand.NewPCG(*seed, 1<<32))}
	if k.workers, err = load.NewWorkers(t.Context(), s.DSN("postgres"), *workers, *seed); err != nil {
		t.Fatal(err)
	}
	for k.round = 1; k.round <= *rounds && !t.Failed(); k.round++ {
		k.kill()
		if k.round%50 == 0 {
			t.Logf("round %d: %s", k.round, k.total())
		}
	}
	if t.Failed() {
		k.save()
		return
	}
	// The end is an orderly one.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(ctx); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	report, err := s.Check(ctx)
	if err != nil {
		t.Error(err)
	}
	t.Logf("%d rounds: %s; %s", *rounds, k.total(), strings.TrimSpace(report))
}

type killer struct {
	t       *testing.T
	s       *server.Server
	random  *rand.Rand
	workers []*load.Worker
	round   int
}

// kill is one round.
func (k *killer) kill() {
	ctx, cancel := context.WithTimeout(k.t.Context(), 3*time.Minute)
	defer cancel()
	fail := func(err error) bool {
		if err != nil {
			k.t.Errorf("seed %d, round %d: %v", *seed, k.round, err)
		}
		return err != nil
	}
	var group sync.WaitGroup
	for _, w := range k.workers {
		group.Go(func() { fail(w.Run(ctx, k.s.DSN("postgres"))) })
	}
	time.Sleep(k.pause(700))
	k.end(ctx)
	group.Wait()

	// Again in the middle of recovery, now and then.
	for k.random.IntN(4) == 0 {
		if fail(k.s.Launch()) {
			return
		}
		time.Sleep(k.pause(120))
		k.end(ctx)
	}
	if k.random.IntN(2) == 0 || k.round == *rounds {
		if _, err := k.s.Check(ctx); fail(err) {
			return
		}
	}
	if fail(k.s.Run(ctx)) {
		return
	}
	conn, err := pgx.Connect(ctx, k.s.DSN("postgres"))
	if fail(err) {
		return
	}
	defer conn.Close(context.Background())
	for _, w := range k.workers {
		fail(w.Verify(ctx, conn))
	}
	fail(load.VerifyAccounts(ctx, conn))
}

// pause is a random time, short ones as often as long ones.
func (k *killer) pause(limit int) time.Duration {
	most := time.Duration(1+k.random.IntN(limit)) * time.Millisecond
	return time.Duration(k.random.Int64N(int64(most)))
}

func (k *killer) end(ctx context.Context) {
	if err := k.s.Signal(syscall.SIGKILL); err != nil {
		k.t.Fatal(err)
	}
	_ = k.s.Wait(ctx)
}

func (k *killer) total() string {
	commits, refused := 0, 0
	for _, w := range k.workers {
		commits, refused = commits+w.Commits, refused+w.Refused
	}
	return fmt.Sprintf("%d transactions acknowledged, %d refused", commits, refused)
}

// save keeps the data of a failed run for study.
func (k *killer) save() {
	if *keep == "" {
		return
	}
	k.s.Signal(syscall.SIGKILL)
	target := filepath.Join(*keep, "crash-"+time.Now().Format("150405"))
	if err := os.CopyFS(target, os.DirFS(k.s.Data())); err != nil {
		k.t.Log(err)
		return
	}
	k.t.Logf("the data directory was copied to %s", target)
}
