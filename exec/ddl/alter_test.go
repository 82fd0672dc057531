package ddl_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/exec"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/kv/mem"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/wire"
)

// sink keeps the rows of the last result as text, and the tags. What it does not have (COPY) is not asked of it.
type sink struct {
	result.Sink
	text    *pgtype.Context
	columns []result.Column
	rows    [][]string
	tags    []string
}

func (s *sink) Header(c *pgtype.Context, columns []result.Column, _ bool) error {
	s.text, s.columns, s.rows = c, columns, nil
	return nil
}

func (s *sink) Row(values []pgtype.Datum) error {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = "null"
		if !v.IsNull() {
			row[i] = string(s.columns[i].Type.Codec.AppendText(s.text, nil, v))
		}
	}
	s.rows = append(s.rows, row)
	return nil
}

func (s *sink) Flush() error { return nil }

func (s *sink) Complete(tag string) error                { s.tags = append(s.tags, tag); return nil }
func (s *sink) Suspended() error                         { return nil }
func (s *sink) Empty() error                             { return nil }
func (s *sink) Notice(*pgerr.Error) error                { return nil }
func (s *sink) ParameterStatus(string, string) error     { return nil }
func (s *sink) Notification(int32, string, string) error { return nil }

// database is a session on an engine in memory.
type database struct {
	t       *testing.T
	session wire.Session
}

func open(t *testing.T) *database {
	t.Helper()
	ctx := context.Background()
	store := mem.New()
	engine, err := exec.Open(ctx, exec.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	s, err := engine.Open(ctx, wire.SessionOptions{User: "postgres", Database: "postgres", PID: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if err := engine.Close(ctx); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &database{t, s}
}

// try runs statements and gives the rows of the last one that has any.
func (d *database) try(sql string) ([][]string, error) {
	var out sink
	err := d.session.Query(context.Background(), sql, &out)
	return out.rows, err
}

func (d *database) run(sql string) [][]string {
	d.t.Helper()
	rows, err := d.try(sql)
	if err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return rows
}

// TestRollback undoes what statements that define things have done.
func TestRollback(t *testing.T) {
	d := open(t)
	d.run("create table kept (a int primary key, b text default 'x'); insert into kept values (1), (2); create view v as select a from kept")
	before := d.run("select relname, relkind from pg_class where oid >= 16384 order by 1")
	for _, sql := range []string{
		"create table t (a serial primary key); insert into t default values",
		"alter table kept add column c int default 5, drop constraint kept_pkey",
		"alter table kept rename column a to z; alter table kept rename to other",
		"truncate kept; insert into kept values (9)",
		"drop table kept cascade",
		"alter table kept alter column b type varchar(3); create index on kept (b)",
		"create schema s; alter table kept set schema s",
		"create role nobody; grant all on kept to nobody",
	} {
		d.run("begin; " + sql)
		d.run("rollback")
		if after := d.run("select relname, relkind from pg_class where oid >= 16384 order by 1"); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s: afterwards there is %v, before there was %v", sql, after, before)
		}
		if got := fmt.Sprint(d.run("select v.a, b from v join kept using (a) order by 1")); got != "[[1 x] [2 x]]" {
			t.Errorf("%s: afterwards the rows are %s", sql, got)
		}
	}
	if rows := d.run("select rolname from pg_roles where rolname = 'nobody'"); len(rows) != 0 {
		t.Error("a role outlived its transaction")
	}
}

// column is what the model of TestRandomAlter knows of a column.
type column struct{ name, typ string }

// TestRandomAlter changes a table that has rows in random ways and compares it with a model after every step.
func TestRandomAlter(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 8 {
		randomAlter(t, r)
	}
}

type model struct {
	d       *database
	r       *rand.Rand
	columns []column // the first is the number that tells the rows apart
	rows    []map[string]string
	next    int
	key     bool // there is a primary key
	log     []string
}

func randomAlter(t *testing.T, r *rand.Rand) {
	m := &model{d: open(t), r: r, columns: []column{{"id", "int"}}}
	m.run("create table t (id int)")
	for range 40 {
		m.step()
		m.compare()
	}
}

func (m *model) run(sql string) {
	m.log = append(m.log, sql)
	if _, err := m.d.try(sql); err != nil {
		m.d.t.Fatalf("%s\n%v", strings.Join(m.log, ";\n"), err)
	}
}

func (m *model) name() string { m.next++; return fmt.Sprintf("c%d", m.next) }

// pick chooses a column that is not the first; nil when there is none.
func (m *model) pick() *column {
	if len(m.columns) < 2 {
		return nil
	}
	return &m.columns[1+m.r.IntN(len(m.columns)-1)]
}

var columnTypes = []string{"int", "bigint", "text", "smallint", "numeric", "varchar(20)"}

func (m *model) step() {
	switch m.r.IntN(9) {
	case 0, 1:
		m.insert()
	case 2:
		c := column{m.name(), columnTypes[m.r.IntN(len(columnTypes))]}
		m.run(fmt.Sprintf("alter table t add column %s %s", c.name, c.typ))
		m.add(c, "null")
	case 3:
		c := column{m.name(), columnTypes[m.r.IntN(len(columnTypes))]}
		m.run(fmt.Sprintf("alter table t add column %s %s default '7' not null", c.name, c.typ))
		m.add(c, "7")
	case 4:
		c := column{m.name(), "int"}
		m.run(fmt.Sprintf("alter table t add column %s int generated always as (id * 2) stored; alter table t alter %s drop expression", c.name, c.name))
		m.columns = append(m.columns, c)
		for _, row := range m.rows {
			row[c.name] = row["id2"]
		}
	case 5:
		if c := m.pick(); c != nil {
			m.run("alter table t drop column " + c.name)
			gone := c.name
			for i := range m.columns {
				if m.columns[i].name == gone {
					m.columns = append(m.columns[:i:i], m.columns[i+1:]...)
					break
				}
			}
		}
	case 6:
		if c := m.pick(); c != nil {
			name := m.name()
			m.run(fmt.Sprintf("alter table t rename column %s to %s", c.name, name))
			for _, row := range m.rows {
				row[name] = row[c.name]
			}
			c.name = name
		}
	case 7:
		if c := m.pick(); c != nil {
			typ := columnTypes[m.r.IntN(len(columnTypes))]
			m.run(fmt.Sprintf("alter table t alter column %s drop default, alter column %s type %s using %s::text::%s", c.name, c.name, typ, c.name, typ))
			c.typ = typ
		}
	case 8:
		if m.key = !m.key; m.key {
			m.run("alter table t add primary key (id); create index on t (id desc)")
		} else {
			m.run("alter table t drop constraint t_pkey; alter table t alter id drop not null")
		}
	}
}

func (m *model) add(c column, value string) {
	m.columns = append(m.columns, c)
	for _, row := range m.rows {
		row[c.name] = value
	}
}

func (m *model) insert() {
	id := len(m.rows) + 1
	row := map[string]string{"id": fmt.Sprint(id), "id2": fmt.Sprint(2 * id)}
	names, values := []string{"id"}, []string{fmt.Sprint(id)}
	for _, c := range m.columns[1:] {
		v := fmt.Sprint(m.r.IntN(1000))
		row[c.name] = v
		names, values = append(names, c.name), append(values, "'"+v+"'")
	}
	m.run(fmt.Sprintf("insert into t (%s) values (%s)", strings.Join(names, ", "), strings.Join(values, ", ")))
	m.rows = append(m.rows, row)
}

// compare reads the table as a whole and by key.
func (m *model) compare() {
	m.d.t.Helper()
	names := make([]string, len(m.columns))
	for i, c := range m.columns {
		names[i] = c.name
	}
	var want []string
	for _, row := range m.rows {
		var values []string
		for _, n := range names {
			values = append(values, row[n])
		}
		want = append(want, strings.Join(values, " "))
	}
	check := func(sql string, want []string) {
		rows, err := m.d.try(sql)
		if err != nil {
			m.d.t.Fatalf("%s\n%s: %v", strings.Join(m.log, ";\n"), sql, err)
		}
		var got []string
		for _, row := range rows {
			got = append(got, strings.Join(row, " "))
		}
		sort.Strings(got)
		sort.Strings(want)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			m.d.t.Fatalf("%s\n%s gives\n%s\nwant\n%s", strings.Join(m.log, ";\n"), sql, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if len(want) > 0 {
		i := m.r.IntN(len(want))
		check("select * from t where id = "+m.rows[i]["id"], []string{want[i]})
	}
	check("select * from t", want)
}
