package pgx_test

import (
	"fmt"
	"testing"
)

// TestExportedSnapshot reads in one transaction what another saw, as parallel dumps do.
func TestExportedSnapshot(t *testing.T) {
	ctx := limited(t)
	source, writer, reader := connect(t), connect(t), connect(t)
	execute(t, source, "DROP TABLE IF EXISTS shared", "CREATE TABLE shared (id int PRIMARY KEY, v int)", "INSERT INTO shared VALUES (1, 10)")
	execute(t, source, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
	var id string
	noError(t, source.QueryRow(ctx, "SELECT pg_export_snapshot()").Scan(&id))
	execute(t, writer, "UPDATE shared SET v = 11", "INSERT INTO shared VALUES (2, 20)")
	sum := func() (n int) {
		t.Helper()
		noError(t, reader.QueryRow(ctx, "SELECT sum(v) FROM shared").Scan(&n))
		return n
	}
	execute(t, reader, "BEGIN ISOLATION LEVEL REPEATABLE READ", fmt.Sprintf("SET TRANSACTION SNAPSHOT '%s'", id))
	equal(t, "sum at the snapshot", sum(), 10)
	execute(t, reader, "INSERT INTO shared VALUES (3, 5)")
	equal(t, "with an own row", sum(), 15)
	_, err := reader.Exec(ctx, "UPDATE shared SET v = 0 WHERE id = 1")
	serverError(t, err, "40001")
	execute(t, reader, "ROLLBACK", "BEGIN ISOLATION LEVEL SERIALIZABLE")
	_, err = reader.Exec(ctx, fmt.Sprintf("SET TRANSACTION SNAPSHOT '%s'", id))
	serverError(t, err, "0A000")
	execute(t, reader, "ROLLBACK", "BEGIN ISOLATION LEVEL REPEATABLE READ", fmt.Sprintf("SET TRANSACTION SNAPSHOT '%s'", id))
	execute(t, source, "COMMIT")
	equal(t, "after the exporting transaction has ended", sum(), 10)
	execute(t, reader, "COMMIT")
	equal(t, "afterwards", sum(), 31)
	execute(t, reader, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	_, err = reader.Exec(ctx, fmt.Sprintf("SET TRANSACTION SNAPSHOT '%s'", id))
	serverError(t, err, "22023")
}
