package pgbench

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against = target.Flag()
	seconds = flag.Int("seconds", 2, "how long each run lasts")
)

// scripts are the built-in transactions and one that leaves pgbench's own tables alone.
var scripts = map[string][]string{
	"TPC-B":         {"-b", "tpcb-like"},
	"simple update": {"-b", "simple-update"},
	"select only":   {"-b", "select-only"},
}

func TestPgbench(t *testing.T) {
	binary := findBinary(t)
	server, err := target.Start(t.Context(), *against)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	run := func(t *testing.T, arguments ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(*seconds)*time.Second+2*time.Minute)
		defer cancel()
		arguments = append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(server.Port()), "-U", "postgres"}, append(arguments, "postgres")...)
		cmd := exec.CommandContext(ctx, binary, arguments...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME=" + t.TempDir()}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("pgbench %s: %v\n%s", strings.Join(arguments, " "), err, out)
		}
		return string(out)
	}
	for _, steps := range []string{"dtgvp", "dtGvp"} {
		if !t.Run("init "+steps, func(t *testing.T) { run(t, "-i", "-s", "1", "-I", steps) }) {
			return
		}
	}
	for name, script := range scripts {
		for _, protocol := range []string{"simple", "extended", "prepared"} {
			t.Run(name+" "+protocol, func(t *testing.T) {
				out := run(t, append([]string{"-n", "-c", "4", "-j", "2", "-T", strconv.Itoa(*seconds), "-M", protocol}, script...)...)
				checkReport(t, out)
			})
		}
	}
	t.Run("the accounts balance", func(t *testing.T) { checkBalance(t, server.DSN("postgres")) })
}

func findBinary(t *testing.T) string {
	for _, name := range []string{"pgbench", filepath.Join(reference.CacheDir(), "bin", "pgbench")} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("pgbench is not installed: run scripts/setup.sh test")
	return ""
}

func checkReport(t *testing.T, out string) {
	if !strings.Contains(out, "number of failed transactions: 0 ") {
		t.Errorf("transactions failed:\n%s", out)
	}
	if strings.Contains(out, "ERROR") || strings.Contains(out, "aborted") {
		t.Errorf("errors were reported:\n%s", out)
	}
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "number of transactions actually processed: 0") {
			t.Errorf("nothing was done:\n%s", out)
		}
	}
}

// checkBalance holds what the history says against accounts, tellers and branches. Simple updates move accounts and
// leave tellers and branches alone, so those can only be held against each other.
func checkBalance(t *testing.T, dsn string) {
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var history, accounts, tellers, branches, rows int64
	err = conn.QueryRow(ctx, `SELECT (SELECT sum(delta) FROM pgbench_history), (SELECT sum(abalance) FROM pgbench_accounts),
		(SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(bbalance) FROM pgbench_branches),
		(SELECT count(*) FROM pgbench_history)`).Scan(&history, &accounts, &tellers, &branches, &rows)
	if err != nil {
		t.Fatal(err)
	}
	if rows == 0 || history != accounts || tellers != branches {
		t.Errorf("%d rows of history sum to %d, accounts to %d, tellers to %d, branches to %d", rows, history, accounts, tellers, branches)
	}
}
