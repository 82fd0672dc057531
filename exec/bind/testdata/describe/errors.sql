select a, b, count(*) from t group by grouping sets ((a), (b), ())

select a, b, grouping(a, b) from t group by cube (a, b)

select grouping(a) from t

select grouping(c) from t group by a

select a + 1, count(*) from t group by a + 1

select a + 2, count(*) from t group by a + 1

select a as x, count(*) from t group by x

select a, count(*) from t group by 1

select a, count(*) from t group by 3

select count(*) from t group by count(*)

select a, (select count(*) from u where u.a = t.a) from t group by a

select b, (select count(*) from u where u.a = t.a) from t group by b

select (select sum(t.a) from u) from t

select (select sum(t.a + u.a) from u) from t

select max(a) filter (where b = 'x') from t

select upper(b) filter (where true) from t

select count(distinct a), count(a, b) from t

select count() from t

select sum(b) from t

select sum(*) from t

select array_agg(distinct a order by b) from t

select string_agg(b) from t

select percentile_cont(0.5) within group (order by a), mode() within group (order by b) from t

select percentile_cont(0.5) from t

select sum(a) within group (order by a) from t

select json_agg(t), json_object_agg(a, b), every(e), corr(a, a), variance(c), bit_and(a) from t

select 1 + true

select 'a' + 'b'

select 1 + 'x'

select a || 1, 1 || 'a', b || b, null || 'x' from t

select array[1,2] || 3, 1 || array[2], array[1] || array[2.5], array[1,2] || '{3}'

select -'x'

select @ 'x'

select 1 = 'a'

select 1 = true

select now() + 1

select 5 ! , 3

select 1 operator(pg_catalog.+) 2

select 1 operator(nope.+) 2

select $1 + $2

select $1 || $2

select $1::text || $2, $2

select $1 = a, $1 = b from t

select * from t where a = $1 or b = $1

select coalesce($1, $2)

select coalesce($1, 1), $1

select case when $1 then $2 else 3 end

select $1 in (1, 2, 3), $2 between 1.5 and 2

select $3

select array[$1, 2], $2 = any(array['a']), $3 like 'x'

select $1::int[], $2 = any($1)

select length($1), upper($2), abs($3)

select date_trunc('day', $1), extract(year from $2)

select $1 is null

select case when 1 then 2 end

select case 1 when 'x' then 2 end

select case when true then 1 else 'x' end

select case when true then 1 else true end

select coalesce(1, 'x')

select coalesce(1, true)

select greatest(1, 'x', 2.5)

select 1 union select true

select 1 union select 'x' order by 2

select 1 as a union select 2 order by a + 1

select a from t union select b from t

select '{}'::json union select '{}'::json

select distinct '{}'::json

select '{}'::json = '{}'::json

select * from t order by '{}'::json

select not 1, 1 and true

select 1 is true

select 1 where 'x'

select 1 where 1

select 1 limit true

select a from t limit a

select 1 limit 1.5

select 1 having true

select a from t having true

select row(1,2) = row(1), row(1,2) < row('a', 2)

select (1, 2) in ((1, 2), (3, 4)), (1, 2) in (select 1, 2), 1 in (select 1, 2)

select (1, 2) in ((1, 2, 3))

select 1 in ('a', 'b')

select 1 in (1, null, '3'), 'a' in ('b')

select 1 = any(1), 1 = any('{1,2}'), 1 = all(array['a'])

select 1 = any(array[1.5, 2])

select array[1, 'x']

select array[1, true]

select array[[1], 2]

select (array[1,2])[1], (array[1,2])['1'], (array[1,2])[true]

select a[1] from t

select (1).x

select b.x from t

select (t).nope from t

select (t).a, (t).* from t

select t.*, (select t) from t

select row(1, 2).f1

select (row(1, 2)).f2

select cast(1 as nope)

select cast(1 as numeric(1000000))

select cast('1' as int(3))

select 'x'::varchar(0)

select '1 day'::interval day to second(3), interval '1' year, interval '3' second(2)

select true::int, 1::bool, 1::text::int, 'a'::char, 1::bit(3)

select now()::int

select '2020-01-01'::timestamp::date, '10:00'::time::interval, 1::oid::regclass

select 'pg_class'::regclass::oid, 'int4'::regtype

select b::point2, row(1,2)::point2, row(1)::point2, row(1,'x')::point2 from t

select row(1)::point2

select 5::positive, 'abc'::shortname, 'sad'::mood::text

select '5'::positive + 1, 'x'::shortname || 'y'

select null::positive

select generate_series(1, generate_series(1, 3)), generate_series(1, 2)

select case when true then generate_series(1, 2) end

select coalesce(generate_series(1, 2), 1)

select 1 where generate_series(1, 2) > 1

select count(generate_series(1, 2))

select * from generate_series(1, generate_series(1, 2))

select abs(generate_series(-2, 2)) from t order by generate_series(1, 2)

select x from generate_series(1, 3) x, generate_series(1, x) y

select * from upper('x'), current_date, now() as n

select * from rows from (generate_series(1, 2), generate_series(1, 3)) as x(a, b)

select * from rows from (json_to_record('{}') as (a int), generate_series(1, 3)) with ordinality

select * from unnest(array[1,2]) with ordinality as x(v, i)

select * from jsonb_each_text('{}') as kv

select * from jsonb_to_recordset('[]') as x(a int, b text[])

select * from generate_series(1, 2) as x(a int)

select * from pg_options_to_table(array['a=b'])

select * from string_to_table('a,b', ',')

select make_interval(days => 3), make_interval(1, months := 2)

select make_interval(nope => 3)

select make_interval(days => 1, 2)

select make_interval(days => 1, days => 2)

select concat('a', 1, true), format('%s', 1), concat(variadic array['a', 'b']), concat_ws(',', variadic array[1,2])

select greatest(variadic array[1])

select coalesce()

select substring('abc', 2), substring('abc' from 2 for 1), substring('abc' from 'b'), substring('abc' similar 'a%' escape '#')

select round(1.5::float8), round(1.5::float8, 1)

select power(2, 3), power(2.0, 3), sqrt(2), exp(1), ln(2.0), mod(5, 2), div(5, 2), ceil(1.5), trunc(1.567, 2), sign(-1), random()

select to_char(now(), 'YYYY'), to_char(1, '9'), to_char(1.5, '9.9'), to_date('x', 'y'), to_timestamp(1), age(now()), age(now(), now())

select date_part('year', now()), date_trunc('day', now()), date_trunc('day', '2020-01-01'::date), extract(epoch from interval '1 day')

select array_length(array[1], 1), array_append(array[1], 2), array_append(array[1], 2.5), array_cat(array[1], array[2]), array_position(array['a'], 'b'), cardinality(array[1])

select unnest(array[1, 2]), unnest(array['a']), array_to_string(array[1], ','), string_to_array('a', ','), array_fill(1, array[2]), array_remove(array[1], 1)

select array_append(array[1], 'x')

select array_append(null, null)

select json_build_object('a', 1), jsonb_build_array(1, 'a'), to_json('x'::text), to_jsonb(1), row_to_json(row(1)), jsonb_set('{}', '{a}', '1'), jsonb_typeof('1')

select to_json('x')

select nextval('seq'), currval('seq'), setval('seq', 1), lastval()

select pg_typeof(1), pg_typeof('x'), pg_typeof(null), pg_typeof($1)

select coalesce(null, null), nullif(null, null), nullif('a', 'b'), nullif(1, 2.5), nullif($1, 1)

select x.* from t x join u x on true

select * from t join u on t.a = u.nope

select * from t join u using (nope)

select * from t a join u b using (a) join u c using (a, x)

select * from t left join u using (a) where t.a = 1 and u.a = 2 and a = 3

select * from (t join u using (a)) j where j.a = 1 and j.b = 'x'

select t.a from (t join u using (a)) j

select * from t full join u on t.a < u.a

select * from t cross join u natural join w

select * from t, lateral (select t.a + 1 as x) l, lateral (select l.x + t.a as y) m

select * from t right join lateral (select t.a) l on true

select * from t join (select t.a) x on true

select u.a from t

select public.u.a from t

select t.a from t as x

select aa from t

select t.aa from t

select tt.a from t

select a from (select 1) x

select a from (select a, a from t) x

select x.a from (select 1 as b) x

select * from t x(p, q, r) where p = 1

select * from t x(p, q, r, s, u, v)

select * from (values (1), (2)) x(a, b)

select * from (values (1, 2), (3)) x

values (1), ('x')

values (1, $1), ($2, 'x')

select

select from t

select *

select t.*

select * from x.y

select * from x.y.z

with x as (select 1), x as (select 2) select * from x

with x as (select * from x) select * from x

with x(a, b) as (select 1) select * from x

with recursive x as (select 1 union all select count(*) from x) select * from x

with recursive x(n) as (select 1 union all (select n from x limit 1)) select * from x

with recursive x(n) as (select 1 union all select n from x order by 1) select * from x

with recursive x(n) as (select 1 union all select x.n from x, x y) select * from x

with recursive x(n) as (select 1 intersect select n from x) select * from x

with recursive x(n) as (select 1 union all select n + 1 from x where n in (select n from x)) select * from x

with recursive x(n) as (select n from y), y(n) as (select n from x) select * from x

with recursive a as (select * from b), b as (select 1 as n) select * from a

with recursive x(n, t) as (select 1, 'a' union all select n + 1, t || 'b' from x where n < 3) select * from x

with recursive x(t) as (select 'a'::varchar(3) union all select t || 'b' from x) select * from x

select a from t order by b collate "C" desc nulls last, 1, a + 1

select a from t order by a using >

select a from t order by a using +

select a from t order by nope

select distinct on (b) a from t order by a

select distinct on (b) a, b from t order by b, a

select a from t fetch first 2 rows with ties

select a from t order by a fetch first 2 rows with ties

select a from t order by a offset 'x'

select a as b, b as a from t order by a

select a as x, b as x from t order by x

select a as x, a as x from t order by x

select 1 as one group by one

select 'x' group by 1

select 'x' as x, count(*) group by x

select t.ctid, t.xmin, cmax from t where tableoid = 't'::regclass

select oid, relname, relkind from pg_class where relname = 't'

select c.relname, n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace

select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute where attrelid = 't'::regclass and attnum > 0

select pg_catalog.pg_get_expr(adbin, adrelid) from pg_attrdef

select array_agg(attname order by attnum) from pg_attribute where attnum = any('{1,2}'::int2[])

select conkey[1], conname::text || 'x', contype = 'p' from pg_constraint

select relacl, relacl::text[], relname || 'x', relname = 'x', 'x' = relname::text from pg_class

select oid::regclass, 'pg_class'::regclass = oid, oid = 1259, oid::text from pg_class

select unnest(indkey), indkey[0], indkey::int2[] from pg_index

select * from information_schema.tables where table_name = 'x'

select * from pg_tables where tablename = 't'

select a::regclass from t

select 1 as "order", 2 "x y", 3 as select

select b'101' | b'010', b'1' = '1', x'ff'::int, 5::bit(8)

select 'a' < 'b' collate "C", 'a' collate "nope"

select 1 collate "C"

select 1 < 2 = true, not 1 = 2, 1 + 2 * 3 - 4 / 2 % 3 ^ 2

select 99999999999999999999999, 0x1F, 0b11, 0o17, 1_000, 1.5e3, .5, 5.

select 2147483647, 2147483648, -2147483648, -9223372036854775808, 9223372036854775807, 9223372036854775808

select '1'::int2 + 1::int8, 1::int2 + 1::int2, 1.5::float4 + 1, 1::int4 + 1.5::float4, 1::numeric + 1.5::float8

select '10:00'::time + '1 day'::interval, '2020-01-01'::date + '10:00'::time, date '2020-01-01' - date '2019-01-01', timestamp '2020-01-01' - interval '1 day'

select interval '1 day' * 1.5, 2 * interval '1 day', interval '1 day' / 2, interval '1 day' < interval '2 days'

select current_timestamp - '2020-01-01', now() > '2020-01-01', now()::date = '2020-01-01'

select now() = date '2020-01-01', localtimestamp < now()

select (now(), interval '1 day') overlaps (now(), now())

select now() at time zone 'UTC', now() at time zone interval '1 hour', timestamp '2020-01-01' at time zone 'UTC', timezone('UTC', now())

select is_normalized('x'), 'x' is normalized, normalize('x', NFC), 'x' is nfc normalized

select a similar to 'x' escape '#' from t

select b like 'a' escape 'b', b not ilike 'x', b ~~ 'x', b !~~* 'y', b ~ 'x', b like any (array['a', 'b']), b = any ('{a,b}') from t

select length(b, 'utf8'), encode(b::bytea, 'hex'), decode('00', 'hex'), md5(b), sha256('x'), convert_from('x', 'utf8') from t

select point(1,2), int4range(1, 2), lower(int4range(1,2))

select txid_current(), pg_backend_pid(), version(), current_setting('x'), set_config('a', 'b', false), current_schemas(true), current_database()

select has_table_privilege('t', 'select'), has_table_privilege(current_user, 't'::regclass, 'select'), obj_description(1, 'pg_class'), col_description(1, 1)

select pg_get_viewdef('v'::regclass), pg_get_indexdef(1), pg_get_indexdef(1, 1, true), pg_table_is_visible(1), pg_get_userbyid(10), pg_encoding_to_char(6)

select exists(select), not exists (select 1), array(select 1 union select 2), array(select array[1])

select (select 1, 2)

select (select a from t where t.a = u.a) from u

select * from u where (a, x) = (select a, b from t limit 1)

select * from u where (a, x) = (select a from t limit 1)

select * from u where row(a, x) in (select a, b from t)

select a > any (select y from u), a = some (select a from u), a <> all (select a from u) from t

select a from t where a in (select b from t)

select not in_x from (select 1 in (1) as in_x) q
