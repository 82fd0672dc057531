package tpch

import (
	"context"
	"embed"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Schema makes the tables without keys, Keys adds the primary keys and Indexes the indexes on foreign keys. Each is statements that end with a semicolon.
var (
	//go:embed schema.sql
	Schema string
	//go:embed keys.sql
	Keys string
	//go:embed indexes.sql
	Indexes string

	//go:embed queries
	queries embed.FS
)

// Queries is how many queries there are.
const Queries = 22

// Query is the text of a query, from 1, with the parameters of the specification's validation runs. The fraction of query 11 depends on the scale.
func (s Scale) Query(n int) string {
	text, err := queries.ReadFile(fmt.Sprintf("queries/q%02d.sql", n))
	if err != nil {
		panic(err)
	}
	return strings.ReplaceAll(string(text), "{fraction}", strconv.FormatFloat(0.0001/s.Factor, 'f', -1, 64))
}

// Load makes the tables of a PostgreSQL database with their primary keys, and fills one after the other by COPY; loaded is told when a table is done.
func (s Scale) Load(ctx context.Context, conn *pgconn.PgConn, loaded func(table string, rows int64)) error {
	for _, script := range []string{Schema, Keys} {
		if _, err := conn.Exec(ctx, script).ReadAll(); err != nil {
			return err
		}
	}
	for _, table := range Tables {
		from, to := io.Pipe()
		go func() { to.CloseWithError(s.Write(table, to)) }()
		tag, err := conn.CopyFrom(ctx, from, "COPY "+table+" FROM STDIN (DELIMITER '|')")
		from.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
		loaded(table, tag.RowsAffected())
	}
	_, err := conn.Exec(ctx, Indexes).ReadAll()
	return err
}

// Answer runs a query and gives its rows as text, values separated by bars.
func Answer(ctx context.Context, conn *pgconn.PgConn, query string) ([]string, error) {
	results, err := conn.Exec(ctx, query).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range results {
		if r.Err != nil {
			return nil, r.Err
		}
		for _, row := range r.Rows {
			values := make([]string, len(row))
			for i, v := range row {
				if values[i] = string(v); v == nil {
					values[i] = "NULL"
				}
			}
			out = append(out, strings.Join(values, "|"))
		}
	}
	return out, nil
}
