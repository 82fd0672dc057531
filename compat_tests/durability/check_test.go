package durability

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kalampg/kalampg/compat_tests/server"
)

// TestCheckReadsEverything runs `kalampg check` on what the server can keep: no faults, and nothing is left out.
func TestCheckReadsEverything(t *testing.T) {
	s := start(t)
	conn := connect(t, s)
	execute(t, conn, schema...)
	execute(t, conn,
		"CREATE USER TABLE own (id int PRIMARY KEY, v text UNIQUE) WITH (deleted_retention = '1 day')", "INSERT INTO own SELECT i, i::text FROM generate_series(1, 50) i", "DELETE FROM own WHERE id > 40",
		"CREATE STREAM TABLE aging (id int PRIMARY KEY, v text) WITH (ttl = '10 s')", "INSERT INTO aging VALUES (1, 'a')",
		"CREATE TABLE many (a int, b text, c int GENERATED ALWAYS AS (a * 2) STORED, CHECK (a > 0))", "INSERT INTO many SELECT i, repeat('x', i % 50) FROM generate_series(1, 5000) i",
		"CREATE INDEX ON many (lower(b), a DESC)", "CREATE UNIQUE INDEX ON many (a) WHERE a % 2 = 0", "ALTER TABLE many ADD COLUMN d date DEFAULT '2024-01-01' NOT NULL",
		"CREATE TYPE mood AS ENUM ('sad', 'glad')", "CREATE DOMAIN small AS int CHECK (VALUE < 100)", "CREATE TABLE typed (m mood, s small, p int[], j jsonb, n numeric, PRIMARY KEY (m, s))",
		"INSERT INTO typed VALUES ('glad', 5, '{1,2}', '{\"a\": [1]}', 1.50)", "ALTER TYPE mood ADD VALUE 'so-so' BEFORE 'glad'", "ALTER TABLE many DROP COLUMN b",
		"ALTER TABLE many ADD CONSTRAINT later CHECK (a < 10) NOT VALID", "BEGIN", "CREATE TABLE undone (a int PRIMARY KEY)", "INSERT INTO undone VALUES (1)", "ROLLBACK", "TRUNCATE aging")
	report, err := s.Check(t.Context())
	if err == nil || !strings.Contains(report, "in use by process") {
		t.Errorf("a check while the server runs: %v, %s", err, report)
	}
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = s.Wait(t.Context())
	report, err = s.Check(t.Context())
	if err != nil || !strings.Contains(report, "read 5 tables with 5470 rows, 10 deleted rows that are kept") || !strings.Contains(report, "no faults") {
		t.Errorf("%v\n%s", err, report)
	}
}

// TestCheckFindsDamagedFiles flips a bit in a table file. The check must not end well.
func TestCheckFindsDamagedFiles(t *testing.T) {
	s := start(t)
	execute(t, connect(t, s), "CREATE TABLE t (a int PRIMARY KEY, b text)", "INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 20000) i")
	// A second start writes what the log holds into table files.
	for range 2 {
		if err := s.Restart(t.Context(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = s.Wait(t.Context())
	files, err := filepath.Glob(filepath.Join(s.Data(), "*.sst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no table files: %v", err)
	}
	largest, size := "", int64(0)
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() > size {
			largest, size = f, info.Size()
		}
	}
	content, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/3] ^= 4
	if err := os.WriteFile(largest, content, 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := s.Check(t.Context())
	if err == nil || !strings.Contains(report, filepath.Base(largest)) {
		t.Errorf("a damaged file is not found or not named: %v\n%s", err, report)
	}
}

func TestCheckNeedsData(t *testing.T) {
	binary, err := server.Binary()
	if err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	out, err := exec.Command(binary, "check", "--data", empty).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "there is no kalampg data in "+empty) {
		t.Errorf("%v\n%s", err, out)
	}
	if entries, _ := os.ReadDir(empty); len(entries) > 0 {
		t.Error("the check has made files")
	}
}
