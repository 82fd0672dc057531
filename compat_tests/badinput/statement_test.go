package badinput

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/compat_tests/target"
)

func TestLongStatement(t *testing.T) {
	witness(t)
	conn := connect(t)
	text := strings.Repeat("x", 10<<20)
	if n := number(t, conn, "SELECT length('"+text+"')"); n != len(text) {
		t.Errorf("the length is %d", n)
	}
	execute(t, conn, "SELECT 1 /* "+text+" */", strings.Repeat(";", 10<<20), "SELECT"+strings.Repeat(" ", 10<<20)+"1")
	refused(t, simple(t, conn, "SELECT "+text), "42703")
	refused(t, simple(t, conn, strings.Repeat("SELECT (", 1<<20)), "42601", "54001")
	refused(t, simple(t, conn, "SELECT '"+text), "42601")
	refused(t, simple(t, conn, `SELECT $a$`+text), "42601")
}

func TestManyParameters(t *testing.T) {
	witness(t)
	conn := connect(t)
	list := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "$%d::int,", i+1)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	values := make([][]byte, 65535)
	for i := range values {
		values[i] = []byte("1")
	}
	result := conn.PgConn().ExecParams(limited(t), "SELECT cardinality(ARRAY["+list(65535)+"])", values, nil, nil, nil).Read()
	noError(t, result.Err)
	if got := string(result.Rows[0][0]); got != "65535" {
		t.Errorf("got %s", got)
	}
	result = conn.PgConn().ExecParams(limited(t), "SELECT cardinality(ARRAY["+list(65536)+"])", values, nil, nil, nil).Read()
	refused(t, result.Err, "08P01")
	refused(t, simple(t, conn, "PREPARE p AS SELECT $2147483647::int"), "42P02", "42P18")
	refused(t, simple(t, conn, "PREPARE p AS SELECT $99999999999::int"), "42601", "22003", "42P02")
	refused(t, simple(t, conn, "PREPARE p AS SELECT $0::int"), "42P02")
	noError(t, conn.Ping(limited(t)))
}

func TestInvalidText(t *testing.T) {
	witness(t)
	conn := connect(t)
	for _, value := range []string{"\xff", "\xc3\x28", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "ab\xc3", "a\x00b"} {
		if !strings.Contains(value, "\x00") {
			refused(t, simple(t, conn, "SELECT '"+value+"'"), "22021")
			refused(t, simple(t, conn, `SELECT 1 AS "`+value+`"`), "22021")
		}
		for _, format := range []int16{0, 1} {
			result := conn.PgConn().ExecParams(limited(t), "SELECT $1::text", [][]byte{[]byte(value)}, nil, []int16{format}, nil).Read()
			refused(t, result.Err, "22021")
		}
	}
	refused(t, simple(t, conn, `SELECT convert_from('\xff', 'UTF8')`), "22021")
	refused(t, simple(t, conn, `SELECT E'\xff'`), "22021")
	refused(t, simple(t, conn, `SELECT chr(0)`), "54000")
	refused(t, simple(t, conn, `SELECT U&'\D800'`), "42601", "22025")
	noError(t, conn.Ping(limited(t)))
}

// TestDeepNesting may be answered or refused, but the server must go on. PostgreSQL refuses with 54001, or with 42601 when its grammar runs out of stack.
func TestDeepNesting(t *testing.T) {
	witness(t)
	const deep = 100000
	nested := func(n int, open, inner, closing string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(closing, n)
	}
	for name, query := range map[string]string{
		"parentheses":        "SELECT " + nested(deep, "(", "1", ")"),
		"NOT":                "SELECT " + nested(deep, "NOT ", "true", ""),
		"NOT in parentheses": "SELECT " + nested(deep, "NOT (", "true", ")"),
		"minus":              "SELECT " + nested(deep, "- ", "1", ""),
		"function calls":     "SELECT " + nested(deep, "abs(", "1", ")"),
		"arrays":             "SELECT " + nested(deep, "ARRAY[", "1", "]"),
		"sub-selects":        "SELECT " + nested(deep, "(SELECT ", "1", ")"),
		"FROM sub-selects":   nested(deep, "SELECT * FROM (", "SELECT 1", ") s"),
		"EXISTS":             nested(deep, "SELECT EXISTS (", "SELECT 1", ")"),
		"CASE":               "SELECT " + nested(deep, "CASE WHEN true THEN ", "1", " END"),
		"COALESCE":           "SELECT " + nested(deep, "COALESCE(NULL, ", "1", ")"),
		"ROW":                "SELECT " + nested(deep, "ROW(", "1", ")"),
		"casts":              "SELECT 1" + strings.Repeat("::int", deep),
		"CAST":               "SELECT " + nested(deep, "CAST(", "1", " AS int)"),
		"subscripts":         "SELECT ('{1}'::int[])" + strings.Repeat("[1]", deep),
		"fields":             "SELECT a" + strings.Repeat(".a", deep),
		"joins":              "SELECT 1 FROM " + nested(deep, "(", "pg_class", " CROSS JOIN pg_class)"),
		"left joins":         "SELECT 1 FROM pg_class" + strings.Repeat(" CROSS JOIN pg_class", deep),
		"WITH":               nested(deep, "WITH x AS (", "SELECT 1", ") SELECT 1"),
		"AND":                "SELECT true" + strings.Repeat(" AND true", deep),
		"OR":                 "SELECT false" + strings.Repeat(" OR false", deep),
		"AND of comparisons": "SELECT count(*) FROM witness WHERE test <> 'a'" + strings.Repeat(" AND test <> 'a'", deep),
		"AND OR":             "SELECT count(*) FROM witness WHERE " + nested(deep, "test = 'a' AND (test = 'b' OR ", "true", ")"),
		"||":                 "SELECT 'a'" + strings.Repeat(" || 'a'", deep),
		"+":                  "SELECT 1" + strings.Repeat(" + 1", deep),
		"UNION":              "SELECT 1" + strings.Repeat(" UNION SELECT 1", deep),
		"VALUES":             "VALUES (1)" + strings.Repeat(", (1)", deep),
		"target list":        "SELECT 1" + strings.Repeat(", 1", deep),
		"types":              "SELECT NULL::int" + strings.Repeat("[]", deep),
		"JSON":               "SELECT '" + nested(deep, "[", "", "]") + "'::jsonb IS NULL",
		"JSON objects":       "SELECT '" + nested(deep, `{"a":`, "1", "}") + "'::json IS NULL",
		"array literal":      "SELECT '" + nested(deep, "{", "1", "}") + "'::int[] IS NULL",
		"regular expression": "SELECT 'a' ~ '" + nested(deep, "(", "a", ")") + "'",
		"comments":           nested(deep, "/*", "", "*/") + "SELECT 1",
		"EXPLAIN":            "EXPLAIN SELECT " + nested(deep, "abs(", "1", ")"),
		"PREPARE":            "PREPARE deep AS SELECT " + nested(deep, "(", "1", ")"),
		"view":               "CREATE TEMP VIEW deep AS SELECT 'a'" + strings.Repeat(" || 'a'", deep),
		"default":            "CREATE TEMP TABLE deep (a int DEFAULT 1" + strings.Repeat(" + 1", deep) + ")",
		"check":              "CREATE TEMP TABLE deep (a bool CHECK (a" + strings.Repeat(" AND a", deep) + "))",
	} {
		t.Run(name, func(t *testing.T) {
			if name == "comments" && *against == target.Reference {
				t.Skip("it keeps PostgreSQL's scanner busy for more than a minute")
			}
			conn := connect(t)
			began := time.Now()
			err := simple(t, conn, query)
			switch code(err) {
			case "", "54001", "42601", "54000", "54011", "53200":
			case "42703", "42804", "22P02", "22023", "2202E", "2201B", "42P01", "42809":
			default:
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			t.Logf("%v: %q", time.Since(began).Round(time.Millisecond), abbreviated(fmt.Sprint(err)))
			noError(t, conn.Ping(limited(t)))
		})
	}
}

// TestNestingBelowTheLimit runs what PostgreSQL can run.
func TestNestingBelowTheLimit(t *testing.T) {
	witness(t)
	conn := connect(t)
	const deep = 1000
	for query, want := range map[string]int{
		"SELECT " + strings.Repeat("(", deep) + "1" + strings.Repeat(")", deep):                1,
		"SELECT " + strings.Repeat("abs(", deep) + "1" + strings.Repeat(")", deep):             1,
		"SELECT " + strings.Repeat("(SELECT ", 200) + "1" + strings.Repeat(")", 200):           1,
		"SELECT length('a'" + strings.Repeat(" || 'a'", deep) + ")":                            deep + 1,
		"SELECT 1" + strings.Repeat(" + 1", deep):                                              deep + 1,
		"SELECT (true" + strings.Repeat(" AND true", 100000) + ")::int":                        1,
		"SELECT count(*) FROM (SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", deep) + ") u": deep + 1,
		"SELECT count(*) FROM (VALUES (1)" + strings.Repeat(", (1)", 100000) + ") v":           100001,
	} {
		if got := number(t, conn, query); got != want {
			t.Errorf("%s: %d", abbreviated(query), got)
		}
	}
}

func TestHugeLists(t *testing.T) {
	witness(t)
	conn := connect(t)
	execute(t, conn, "CREATE TEMP TABLE l (a int PRIMARY KEY, b text)", "INSERT INTO l SELECT g, 'v' || g FROM generate_series(1, 20000) g")
	var numbers, texts strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&numbers, ",%d", 2*i)
		fmt.Fprintf(&texts, ",'v%d'", 2*i)
	}
	began := time.Now()
	for query, want := range map[string]int{
		"SELECT count(*) FROM l WHERE a IN (-1" + numbers.String() + ")":                     9999,
		"SELECT count(*) FROM l WHERE a NOT IN (-1" + numbers.String() + ")":                 10001,
		"SELECT count(*) FROM l WHERE b IN (''" + texts.String() + ")":                       9999,
		"SELECT count(*) FROM l WHERE a = ANY ('{-1" + numbers.String() + "}')":              9999,
		"SELECT count(*) FROM l JOIN unnest(ARRAY[-1" + numbers.String() + "]) u ON u = l.a": 9999,
	} {
		if got := number(t, conn, query); got != want {
			t.Errorf("%s: %d", abbreviated(query), got)
		}
	}
	t.Logf("five lists of 10,000 over 20,000 rows took %v", time.Since(began).Round(time.Millisecond))
}

func TestManyColumns(t *testing.T) {
	witness(t)
	conn := connect(t)
	columns := func(n int) string {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("c%d int DEFAULT %d", i+1, i+1)
		}
		return strings.Join(names, ", ")
	}
	execute(t, conn, "DROP TABLE IF EXISTS wide", "CREATE TABLE wide ("+columns(1000)+")", "INSERT INTO wide (c1) SELECT g FROM generate_series(1, 100) g",
		"UPDATE wide SET c1000 = c1 WHERE c500 = 500")
	if got := number(t, conn, "SELECT sum(c1000 + c999) FROM wide"); got != 5050+99900 {
		t.Errorf("got %d", got)
	}
	rows, err := conn.Query(limited(t), "SELECT * FROM wide")
	noError(t, err)
	count := 0
	for rows.Next() {
		values, err := rows.Values()
		if err != nil || len(values) != 1000 {
			t.Fatalf("%d columns, %v", len(values), err)
		}
		count++
	}
	if rows.Err() != nil || count != 100 {
		t.Errorf("%d rows, %v", count, rows.Err())
	}
	refused(t, simple(t, conn, "CREATE TABLE wider ("+columns(1601)+")"), "54011")
	refused(t, simple(t, conn, "SELECT 1"+strings.Repeat(", 1", 1664)), "54011")
	execute(t, conn, "DROP TABLE wide")
}

func TestNestedViews(t *testing.T) {
	witness(t)
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS nested CASCADE", "CREATE TABLE nested (a int, b text)", "INSERT INTO nested VALUES (1, 'one'), (2, 'two')",
		"CREATE VIEW nested1 AS SELECT a, b FROM nested")
	for i := 2; i <= 64; i++ {
		execute(t, conn, fmt.Sprintf("CREATE VIEW nested%d AS SELECT a, b FROM nested%d WHERE a > %d", i, i-1, -i))
	}
	if got := number(t, conn, "SELECT sum(a) FROM nested64"); got != 3 {
		t.Errorf("got %d", got)
	}
	execute(t, conn, "DROP TABLE nested CASCADE")
}

// TestLargeResult reads a million rows while the server's memory stays bounded, also for a client that reads slowly.
func TestLargeResult(t *testing.T) {
	witness(t)
	conn := connect(t)
	execute(t, conn, "DROP TABLE IF EXISTS million", "CREATE TABLE million (id int PRIMARY KEY, filler text)",
		"INSERT INTO million SELECT g, repeat('f', 100) FROM generate_series(1, 100000) g")
	before := residentMB(t, running.PID())
	for _, query := range []string{"SELECT g, repeat('x', 200) FROM generate_series(1, 1000000) g",
		"SELECT m.id, m.filler, n.id FROM million m CROSS JOIN (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) n(id)"} {
		began := time.Now()
		rows, err := conn.Query(limited(t), query)
		noError(t, err)
		count, most := 0, 0
		for rows.Next() {
			if count++; count%100000 == 0 {
				most = max(most, residentMB(t, running.PID()))
			}
		}
		if rows.Err() != nil || count != 1000000 {
			t.Errorf("%d rows, %v", count, rows.Err())
		}
		t.Logf("%s: %v, memory %d MB, then up to %d MB", query, time.Since(began).Round(time.Millisecond), before, most)
		if most > before+200 {
			t.Errorf("the memory grew from %d to %d MB", before, most)
		}
	}
	execute(t, conn, "DROP TABLE million")
}
