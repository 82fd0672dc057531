package soak

import (
	"bufio"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sample is the state of the server at the end of a window of time.
type sample struct {
	memory       float64 // resident bytes
	heap         float64 // bytes in use by Go
	goroutines   float64
	files        float64 // open ones
	disk         float64 // bytes of the data directory
	count        int     // transactions in the window
	median, slow time.Duration
}

func (s sample) String() string {
	const MB = 1 << 20
	return fmt.Sprintf("%6.0f MB resident, %5.0f MB heap, %4.0f goroutines, %4.0f files open, %6.0f MB on disk, %6d transactions, median %8v, 99th percentile %8v",
		s.memory/MB, s.heap/MB, s.goroutines, s.files, s.disk/MB, s.count, s.median.Round(10*time.Microsecond), s.slow.Round(100*time.Microsecond))
}

// metrics reads the figures of /metrics that have no labels.
func metrics(address string) (map[string]float64, error) {
	response, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	out := make(map[string]float64)
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); ok && err == nil {
			out[name] = n
		}
	}
	return out, nil
}

// size adds up the files in a directory.
func size(dir string) (total float64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // deleted since it was listed
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			total += float64(info.Size())
		}
		return nil
	})
	return total
}

// latencies collects the times of transactions.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	l.all = append(l.all, d)
	l.mu.Unlock()
}

// take gives the number, median and 99th percentile of what was collected since the last call.
func (l *latencies) take() (count int, median, slow time.Duration) {
	l.mu.Lock()
	all := l.all
	l.all = nil
	l.mu.Unlock()
	if len(all) == 0 {
		return 0, 0, 0
	}
	slices.Sort(all)
	return len(all), all[len(all)/2], all[len(all)*99/100]
}

// growth is how much larger the median of the last third is than that of the second.
// The first third is left out: caches and the store's levels fill up in it.
func growth(samples []sample, of func(sample) float64) (from, to float64) {
	var values []float64
	for _, s := range samples {
		values = append(values, of(s))
	}
	n := len(values)
	return middle(values[n/3 : 2*n/3]), middle(values[2*n/3:])
}

func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
