package columns

import (
	"fmt"
	"strings"
)

// conditions are boolean expressions over table a.
var conditions = strings.Split(`i4 = 5
i4 <> i2
i4 < i8
i4 <= 100 AND i8 > 3
i2 >= 0 OR t = 'a'
NOT (i4 > 10 AND i8 > 10)
NOT (i4 > 10 OR t = 'a')
i8 BETWEEN 3 AND 300
m < 24
m >= 10.5 AND m <= 10.555
m = 100.001
m <> 100.001
m < 100.001
m > -0.005
n = 1
n < 50
n > 'NaN'
n >= m
m = n
f8 = 0
f8 > 1
f8 < 'NaN'
f4 <> 0.1
f8 >= f4
d = date '2000-01-01'
d < date '1995-03-15'
d <= timestamp '1995-03-15 12:00'
d < timestamp '1995-03-15 12:00'
d > timestamp '1995-03-15 12:00'
d >= timestamp '1995-03-15 12:00'
d = timestamp '1995-03-15 12:00'
d <> timestamp '1995-03-15'
d < date '1998-12-01' - interval '90' day
d < ts
ts > timestamp '1995-06-01'
b
NOT b
b IS TRUE
b IS NOT TRUE
b = true
b IS UNKNOWN
t = 'a'
t < 'b'
t >= c
t <> h
c = 'a'
c = 'a  '
c < 'b'
c <> 'abc'
h = 'north'
h <> 'south' AND h < 't'
h IN ('north', 'west')
h NOT IN ('north', 'west')
t LIKE 'a%'
t LIKE '%packages'
t LIKE '%special%packages%'
t NOT LIKE '%special%'
t LIKE '_b'
t LIKE 'a\%'
t LIKE ''
t ILIKE 'A%'
c LIKE 'a%'
c LIKE '%b'
i4 IN (1, 2, 3, 2147483647)
i4 IN (1,2,3,4,5,6,7,8,9,10,11,12)
i4 NOT IN (1, 2, 3)
i4 IN (1, NULL)
i4 NOT IN (1, NULL)
c IN ('a', 'b ')
c NOT IN ('a', 'b ')
m IN (1, 2.50)
t IS NULL
t IS NOT NULL
m IS NULL OR i4 IS NULL
i4 IS DISTINCT FROM i2
coalesce(i4, 0) > 5
length(t) > 2
i4 % 3 = 1
(i4, i2) < (i8, 5)
t = ANY (ARRAY['a','b'])
i4 = (SELECT min(i4) FROM b)
i4 > (SELECT avg(i4) FROM b)
EXISTS (SELECT 1 FROM b WHERE id = -1)
i4 IN (SELECT i4 FROM b)
i4 NOT IN (SELECT i4 FROM b WHERE i4 IS NOT NULL)
i4 NOT IN (SELECT i4 FROM b)
CASE WHEN i4 > 10 THEN i8 > 5 ELSE b END
1/i4 > 0
i4 <> 0 AND 1/i4 >= 0`, "\n")

// values are other expressions over table a, each with a class of aggregates that take it.
var values = strings.Split(`i4 + 1
i2 + i2
i4 - i2
i4 * i4
i8 + i4
i8 * 2
i4 / 2
i4 % 7
-i4
abs(i4)
m + 1
m * m
1 - m
m * (1 - m) * (1 + m)
m + n
n * n
n - 0.5
m / 3
n + i4
i4::numeric
i8::numeric * m
m::int
i4::bigint
i4::float8
f8 + 1
f8 * f4
sqrt(abs(f8))
extract(year FROM d)
extract(month FROM d)
extract(day FROM d)
extract(dow FROM d)
d + 1
d - date '1995-01-01'
d + interval '1 month'
date_trunc('month', ts)
t || h
substring(t FROM 1 FOR 2)
upper(c)
c::text
length(c)
lower(h)
CASE WHEN i4 > 10 THEN m ELSE 0 END
CASE WHEN h = 'north' THEN m WHEN h = 'south' THEN n END
CASE WHEN b THEN i4 ELSE i2 END
CASE g WHEN 1 THEN 'one' WHEN 2 THEN t ELSE h END
CASE WHEN t LIKE 'a%' THEN m * (1 - m) ELSE 0 END
CASE WHEN i4 <> 0 THEN 100 / i4 END
coalesce(t, h)
nullif(i4, 0)
greatest(i4, i2, 7)
i4 > i2
b AND i4 > 3
b OR i4 IS NULL
t LIKE 'a%'
(SELECT max(i4) FROM b)
ARRAY[i4, i2]`, "\n")

var columnsOf = strings.Fields("id i2 i4 i8 f4 f8 n m d ts b t c g h")

func queries() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, c := range conditions {
		add("SELECT id FROM a WHERE %s", c)
		add("SELECT id FROM a WHERE NOT (%s)", c)
		add("SELECT id, CASE WHEN %s THEN 1 ELSE 2 END FROM a WHERE id > 0", c)
		add("SELECT count(*), count(*) FILTER (WHERE %s) FROM a", c)
		add("SELECT id FROM a WHERE (%s) IS NULL", c)
	}
	for _, v := range values {
		add("SELECT id, %s FROM a WHERE id > 0", v)
		add("SELECT id, %s FROM a WHERE i4 BETWEEN 0 AND 3000 AND i8 BETWEEN 0 AND 3000 AND i2 BETWEEN 0 AND 100", v)
		add("SELECT %s, count(*) FROM a GROUP BY 1", v)
		add("SELECT g, count(%s) FROM a GROUP BY g", v)
	}
	for _, c := range columnsOf {
		for _, f := range []string{"count", "min", "max", "sum", "avg", "stddev", "variance", "bool_and", "bit_or", "array_agg", "any_value"} {
			add("SELECT %s(%s) FROM a", f, c)
			add("SELECT g, %s(%s) FROM a GROUP BY g", f, c)
		}
		add("SELECT count(DISTINCT %s), sum(DISTINCT i4), count(*) FROM a", c)
		add("SELECT g, count(DISTINCT %s), max(m) FROM a GROUP BY g", c)
		add("SELECT %s, sum(m), avg(m), count(*), sum(i4), avg(i4), sum(i8) FROM a GROUP BY %s", c, c)
		add("SELECT h, g, %s, count(*) FROM a GROUP BY h, g, %s HAVING count(*) > 1", c, c)
		add("SELECT DISTINCT %s FROM a", c)
		add("SELECT %s, id FROM a ORDER BY %s, id", c, c)
		add("SELECT %s, id FROM a ORDER BY %s DESC NULLS LAST, id DESC", c, c)
		add("SELECT %s, id FROM a ORDER BY %s NULLS FIRST, id LIMIT 50 OFFSET 7", c, c)
		add("SELECT id FROM a ORDER BY h, %s, id DESC LIMIT 2000", c)
	}
	for _, k := range strings.Fields("id i2 i4 i8 f8 n m d t c g") {
		for _, kind := range []string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"} {
			add("SELECT count(*), sum(a.id), sum(b.id) FROM a %s b ON a.%s = b.%s", kind, k, k)
			add("SELECT count(*), sum(a.id), sum(b.id) FROM a %s b ON a.%s = b.%s AND a.g = b.g", kind, k, k)
			add("SELECT a.id, b.id, b.t, b.m FROM a %s b ON a.%s = b.%s AND a.g < b.g AND a.m > b.m WHERE a.id < 200 OR a.id IS NULL", kind, k, k)
			add("SELECT a.t, a.n, b.c, b.d FROM a %s b ON a.%s = b.%s AND b.id > 200 WHERE a.id < 100 OR a.id IS NULL", kind, k, k)
			add("SELECT b.g, count(a.id), max(a.t), max(b.t) FROM b %s a ON a.%s = b.%s GROUP BY b.g", kind, k, k)
		}
		for _, exists := range []string{"EXISTS", "NOT EXISTS"} {
			add("SELECT id, t FROM a WHERE %s (SELECT 1 FROM b WHERE b.%s = a.%s)", exists, k, k)
			add("SELECT id, t FROM b WHERE %s (SELECT 1 FROM a WHERE b.%s = a.%s)", exists, k, k)
			add("SELECT id, t FROM a WHERE %s (SELECT 1 FROM b WHERE b.%s = a.%s AND b.g <> a.g)", exists, k, k)
			add("SELECT id FROM a WHERE g = 1 AND %s (SELECT 1 FROM b WHERE b.%s = a.%s AND b.m > a.m)", exists, k, k)
		}
		add("SELECT id FROM a WHERE %s IN (SELECT %s FROM b WHERE g = 2)", k, k)
		add("SELECT id FROM a WHERE %s NOT IN (SELECT %s FROM b WHERE g = 2)", k, k)
		add("SELECT %s FROM a UNION SELECT %s FROM b", k, k)
		add("SELECT %s FROM a UNION ALL SELECT %s FROM b", k, k)
		add("SELECT %s FROM a INTERSECT SELECT %s FROM b", k, k)
		add("SELECT %s FROM a EXCEPT ALL SELECT %s FROM b", k, k)
	}
	return append(out,
		"SELECT a.id, b.id FROM a, b WHERE a.i8 = b.i4 AND a.i2 = b.i2",
		"SELECT count(*) FROM a, b WHERE a.g = b.g AND a.id + b.id = 500",
		"SELECT count(*) FROM a JOIN b ON a.t = b.c",
		"SELECT count(*) FROM (SELECT a.g FROM a, b WHERE a.id < 50 AND b.id < 50) x",
		"SELECT x.g, y.n FROM (SELECT g, sum(m) s FROM a GROUP BY g) x JOIN (SELECT g, count(*) n FROM b GROUP BY g) y USING (g)",
		"SELECT a.id FROM a WHERE m > (SELECT avg(m) FROM a x WHERE x.g = a.g)",
		"SELECT a.id FROM a WHERE m = (SELECT min(m) FROM b WHERE b.g = a.g)",
		"WITH s AS MATERIALIZED (SELECT g, sum(m) v FROM a GROUP BY g) SELECT * FROM s WHERE v = (SELECT max(v) FROM s)",
		"SELECT sum(1/(i4-5)) FROM a WHERE i4 <> 5",
		"SELECT sum(1/(i4-5)) FROM a",
		"SELECT g, string_agg(h, ',' ORDER BY id) FROM a GROUP BY g",
		"SELECT g, h, sum(m) FROM a GROUP BY GROUPING SETS ((g), (h), ())",
		"SELECT id, row_number() OVER (PARTITION BY g ORDER BY id) FROM a WHERE m > 0",
		"SELECT id FROM a WHERE m > 0 LIMIT 10",
		"SELECT id FROM a LIMIT 5 OFFSET 1290",
		"SELECT * FROM a WHERE id % 10 = 3",
		"SELECT a.*, b.* FROM a JOIN b ON a.id = b.id WHERE a.m > b.m",
		"SELECT count(*) FROM a WHERE id BETWEEN 100 AND 1200",
		"SELECT sum(id) FROM a WHERE id >= 1100",
		"SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY m) FROM a",
		"SELECT corr(f4, i4) FROM a WHERE f4 < 1000 AND i4 < 100000",
	)
}
