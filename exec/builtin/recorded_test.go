package builtin

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// The files testdata/*.calls hold one call a line and under it what PostgreSQL gives: "= value", one line per row of a set, or "! SQLSTATE message".
// A line "set timezone X" applies to the calls below it. Lines that begin with # are comments.
//
// go test ./exec/builtin -record -run Recorded writes the results anew, from the server that KALAMPG_REFERENCE names.
var record = flag.Bool("record", false, "record the results of testdata/*.calls anew from the reference PostgreSQL")

// referenceVariable names the reference server's connection string.
const referenceVariable = "KALAMPG_REFERENCE"

func connectReference(t testing.TB) *pgx.Conn {
	dsn := os.Getenv(referenceVariable)
	if dsn == "" {
		t.Skipf("%s is not set: there is no PostgreSQL to compare with", referenceVariable)
	}
	conn, err := pgx.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// ask gives the lines that a statement's result is recorded as.
func ask(conn *pgx.Conn, sql string) []string {
	results, err := conn.PgConn().Exec(context.Background(), sql).ReadAll()
	if err != nil {
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			return []string{"! " + err.Error()}
		}
		return []string{"! " + e.Code + " " + oneLine(e.Message)}
	}
	var lines []string
	for _, row := range results[len(results)-1].Rows {
		if row[0] == nil {
			lines = append(lines, "= NULL")
			continue
		}
		lines = append(lines, "= "+oneLine(string(row[0])))
	}
	return lines
}

var lineEscapes = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r")

func oneLine(s string) string { return lineEscapes.Replace(s) }

// replay gives the same lines of our own evaluation.
func (e *evaluator) replay(sql string) (lines []string) {
	defer func() {
		if r := recover(); r != nil {
			lines = []string{"! panic"}
			panic(r)
		}
	}()
	values, typ, err := e.query(sql)
	if err != nil {
		code := string(pgerr.CodeOf(err))
		message := err.Error()
		if pe, ok := pgerr.As(err); ok {
			message = pe.Message
		}
		return []string{"! " + code + " " + oneLine(message)}
	}
	for _, v := range values {
		if v.IsNull() {
			lines = append(lines, "= NULL")
			continue
		}
		lines = append(lines, "= "+oneLine(string(typ.Codec.AppendText(e.text, nil, v))))
	}
	return lines
}

func TestRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.calls")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".calls"), func(t *testing.T) {
			if *record {
				recordFile(t, file)
			}
			replayFile(t, file)
		})
	}
}

func recordFile(t *testing.T, file string) {
	conn := connectReference(t)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
		if strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "! ") || line == "=" {
			continue
		}
		out.WriteString(line + "\n")
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "set "):
			ask(conn, line)
		default:
			for _, l := range ask(conn, "SELECT "+line) {
				out.WriteString(strings.TrimRight(l, "\x00") + "\n")
			}
		}
	}
	if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func replayFile(t *testing.T, file string) {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e := newEvaluator(t)
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	for i := 0; i < len(lines); {
		call, at := lines[i], i+1
		i++
		if call == "" || call[0] == '#' {
			continue
		}
		if strings.HasPrefix(call, "set ") {
			e.set(t, call)
			continue
		}
		var want []string
		for i < len(lines) && (strings.HasPrefix(lines[i], "= ") || strings.HasPrefix(lines[i], "! ")) {
			want = append(want, lines[i])
			i++
		}
		got := e.replay("SELECT " + call)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:%d: %s\n got %s\nwant %s", filepath.Base(file), at, call, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

func (e *evaluator) set(t *testing.T, line string) {
	fields := strings.Fields(line)
	value := strings.Trim(fields[len(fields)-1], "'")
	switch fields[1] {
	case "timezone":
		loc, err := time.LoadLocation(value)
		if err != nil {
			t.Fatal(err)
		}
		e.text.Location, e.text.TimeZoneName = loc, value
	case "intervalstyle":
		e.text.IntervalStyle = map[string]byte{"postgres": 'p', "postgres_verbose": 'v', "sql_standard": 's', "iso_8601": 'i'}[value]
	default:
		t.Fatalf("unknown setting in %q", line)
	}
}

// evaluator calls functions without a binder.
type evaluator struct {
	library *Library
	text    *pgtype.Context
	env     Env
}

func newEvaluator(t testing.TB) *evaluator {
	l, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return &evaluator{library: l, text: pgtype.Default()}
}
