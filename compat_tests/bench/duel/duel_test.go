package duel

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for want, values := range map[float64][]float64{2: {3, 1, 2}, 2.5: {4, 1, 2, 3}, 7: {7}, 0: nil} {
		if got := median(values); got != want {
			t.Errorf("median of %v: %v", values, got)
		}
	}
}

func TestMemoryOfThisProcess(t *testing.T) {
	if got := memoryOf(os.Getpid()); got < 1000 {
		t.Errorf("%d kB", got)
	}
}

func TestChosenWorkloads(t *testing.T) {
	offered := []string{"a", "b", "c"}
	if all, err := chosen("", offered); err != nil || len(all) != 3 {
		t.Error(all, err)
	}
	if some, err := chosen("c,a", offered); err != nil || strings.Join(some, "") != "ca" {
		t.Error(some, err)
	}
	if _, err := chosen("nope", offered); err == nil || !strings.Contains(err.Error(), "nope") {
		t.Error(err)
	}
}

func TestProcessorTimeOfThisProcess(t *testing.T) {
	before := cpuOf(os.Getpid())
	for began := time.Now(); time.Since(began) < 10*time.Second; {
		if cpuOf(os.Getpid()) > before {
			return
		}
	}
	t.Error("it stands still")
}

// TestTurns checks that the servers take turns, that the medians are compared, and that a missed target shows.
func TestTurns(t *testing.T) {
	both := [2]Server{{Name: "postgres", PID: os.Getpid()}, {Name: "kalampg", PID: os.Getpid()}}
	order, speed := "", map[string][]float64{"postgres": {100, 300, 200}, "kalampg": {400, 500, 600}}
	run := func(_ context.Context, s Server) (Outcome, error) {
		order += s.Name[:1]
		next := speed[s.Name][0]
		speed[s.Name] = append(speed[s.Name][1:], next)
		return Outcome{TPS: next, Transactions: 100}, nil
	}
	r, err := Measure(t.Context(), io.Discard, both, []Case{{"w", 8, 2, run}, {"w", 32, 3, run}}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if order != "pkpkkpkppkpk" {
		t.Errorf("the order is %s", order)
	}
	var out strings.Builder
	r.Report(&out)
	lines := strings.Split(out.String(), "\n")
	if !strings.Contains(out.String(), "2.50") || strings.Count(out.String(), "MISSED") != 1 || !strings.Contains(out.String(), "kalampg took up to") {
		t.Error(strings.Join(lines, "\n"))
	}
}
