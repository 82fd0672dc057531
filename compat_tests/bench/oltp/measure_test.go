package main

import (
	"os"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for want, values := range map[float64][]float64{2: {3, 1, 2}, 2.5: {4, 1, 2, 3}, 7: {7}} {
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
	if all, err := chosen(""); err != nil || len(all) != len(workloads) {
		t.Error(all, err)
	}
	if some, err := chosen("tpcb-prepared,select-simple"); err != nil || len(some) != 2 {
		t.Error(some, err)
	}
	if _, err := chosen("nope"); err == nil || !strings.Contains(err.Error(), "nope") {
		t.Error(err)
	}
}

func TestReport(t *testing.T) {
	var out strings.Builder
	both := []contestant{{name: "a"}, {name: "b"}}
	all := results{tps: map[key][]float64{{"w", 8, "a"}: {100, 300, 200}, {"w", 8, "b"}: {400, 500, 600}}, memory: map[string]int64{"a": 2048}}
	report(&out, options{workloads: []workload{{name: "w"}}, clients: []int{8}, rounds: 3}, both, all)
	if !strings.Contains(out.String(), "2.50") || !strings.Contains(out.String(), "2 MB") {
		t.Error(out.String())
	}
}
