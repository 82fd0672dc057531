package ddl_test

import (
	"fmt"
	"testing"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// TestMatViewClass: the rows of a materialized view are everybody's, whatever it is made of.
func TestMatViewClass(t *testing.T) {
	d := open(t)
	d.run("create table own (id int primary key) with (type = 'user')")
	for _, with := range []string{"type = 'user'", "type = 'stream', ttl = '10 s'"} {
		if _, err := d.try("create materialized view refused with (" + with + ") as select 1 as id"); !pgerr.Is(err, pgerr.FeatureNotSupported) {
			t.Errorf("%s: %v", with, err)
		}
	}
	d.run("insert into own values (1); set kalam.user_id = 'other'; insert into own values (2), (3); create materialized view seen as select id from own")
	d.run("reset kalam.user_id")
	for _, step := range []struct{ sql, rows string }{
		{"select id from seen order by id", "[[2] [3]]"},
		{"refresh materialized view seen; select id from seen order by id", "[[1]]"},
		{"begin; insert into own values (4); refresh materialized view seen; select id from seen order by id", "[[1] [4]]"},
		{"rollback; select id from seen order by id", "[[1]]"},
	} {
		if got := fmt.Sprint(d.run(step.sql)); got != step.rows {
			t.Errorf("%s: %s, not %s", step.sql, got, step.rows)
		}
	}
}
