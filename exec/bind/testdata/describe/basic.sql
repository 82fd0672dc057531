select 1

select 1, 'a', null, 1.5, true, 10000000000, 99999999999999999999, -1, 1e10, b'101', x'1f'

select $1

select $1::int, $2 + 1, $3 || 'x'

select $1, $1::int

select $1 = $2

select a, b, c, d, e from t

select * from t

select t.* from t

select t from t

select * from t, u

select t.a, u.a from t join u on t.a = u.a

select * from t join u using (a)

select * from t natural join u

select a from t, u

select nope from t

select t.nope from t

select ab from t

select x.a from t

select t.a from t x

select a from t where b = 1

select a from t where b

select a from t where a = $1 and b = $2

select a + b from t

select count(*) from t

select a, count(*) from t

select b, count(*) from t group by b

select a, b, count(*) from t group by a

select sum(a), avg(a), max(b), min(c), sum(c), bool_and(e), array_agg(a), string_agg(b, ',') from t

select count(sum(a)) from t

select a from t where count(*) > 1

select a from t group by a having count(*) > 1 order by count(*) desc

select a as x from t order by x

select a as x from t where x > 1

select a from t order by 2

select distinct a from t order by b

select a from t limit 'x'

select a from t limit $1 offset $2

select 1 union select '2'

select 1 union select 'x'

select 1 union select 2.5 union all select null

select 'a' union select 'b'

select 1, 2 union select 1

select case when a > 1 then 'x' else b end from t

select case a when 1 then 1.5 else 2 end from t

select coalesce(a, 1.5) from t

select coalesce(a, 'x') from t

select greatest(1, 2.5, $1)

select array[1, 2.5, null]

select array['a', 'b']

select array[]

select array[]::int[]

select array[[1,2],[3,4]]

select z[1], z[1:2] from u

select a in (1, 2, 3), a in (1, '2'), b in ('x', $1) from t

select a in (select a from u) from t

select a = any($1) from t

select a = any(array[1,2]) from t

select exists (select 1 from u where u.a = t.a) from t

select (select x from u limit 1) from t

select (select a, x from u limit 1) from t

select array(select a from t)

select a between 1 and $1 from t

select b like 'x%', b ilike $1, b not like 'y', b similar to 'z' from t

select row(1, 'a'), (1, 2) = (3, 4), row(1,2) < row(1,3)

select (1, 2) = (3, 4, 5)

select a is null, b is not null, e is true, e is not unknown from t

select a is distinct from 1 from t

select nullif(a, 1), nullif(b, 'x') from t

select current_date, current_timestamp, current_timestamp(3), localtime, current_user, current_schema

select extract(year from d), d at time zone 'UTC', d::date, d::time from t

select substring(b from 1 for 2), position('a' in b), trim(b), trim(both 'x' from b), overlay(b placing 'x' from 1) from t

select '2020-01-01'::date + 1, '1 day'::interval * 2, now() - d from t

select 'abc'::varchar(2), 'abc'::char(2), 1.5::numeric(3,1), '1'::numeric(10,0)

select cast(a as text), a::text::varchar(3), a::bigint from t

select 'x'::int

select 1::date

select nope(1)

select upper(1)

select upper(b), lower('X'), length(b), abs(-1), abs(-1.5), round(1.5), round(1.55, 1) from t

select pg_catalog.upper(b), nope.upper(b) from t

select generate_series(1, 3)

select generate_series(1, 3) + 1, a from t

select * from generate_series(1, 3)

select * from generate_series(1, 3) as g(x)

select * from generate_series(1, 3) with ordinality

select * from unnest(array[1,2], array['a','b'])

select * from unnest(array[1,2], array['a','b']) as x(a, b)

select * from json_to_record('{}') as x(a int, b text)

select * from json_to_record('{}')

select * from json_each('{}')

select json_each('{}')

select (json_each('{}')).*

select * from nope

select * from nope.t

select * from public.t

select public.t.a from t

select * from other.public.t

select * from (select a, b from t) s where s.a > 1

select * from (select a from t) s(x)

select s.a from (select a from t) s(x)

select * from (values (1, 'a'), (2, 'b')) v

select * from (values (1, 'a'), (2.5, 'b')) v(x, y)

values (1, 'a'), (2, null)

values (1), (1, 2)

select * from t, lateral (select * from u where u.a = t.a) l

select * from t, (select * from u where u.a = t.a) l

select * from t left join u on t.a = u.a where u.y > 1

select * from t full join u using (a)

select * from t join u on t.a

select * from t t1, t t2 where t1.a = t2.a

select * from t, t

with x as (select a from t) select * from x

with x(y) as (select a from t) select y, a from x

with x as (select a from t), y as (select * from x) select * from y join x using (a)

with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r

with recursive r(n) as (select 1 union all select n + 1.5 from r) select * from r

with recursive r as (select n from r) select * from r

with y as (select * from x), x as (select 1) select * from y

table t

select * from v

select * from agg

select ctid, tableoid, xmin from t

select (q).x, (w.q).y, w.q from w

select (q).z from w

select n, p, s, m, ch, ar[1], j, twice, tm, ch1, nm, by, dt, iv, r, f from w

select j->'a', j->>'b', j #> '{a}', j @> '{}', j['a'] from w

select n + 1, n + r, r + f, n * 1.5, p + 1, p, -n, +n, n / 2, n % 2 from w

select m = 'ok', m < 'happy', m::text, 'sad'::mood from w

select m = 'nope' from w

select s || 'x', s = 'a', upper(s), ch || 'x', ch = 'a', nm || 'x', nm = 'x' from w

select by || '\x00', by = '\x01', length(by) from w

select dt - dt, dt + iv, dt - 1, tm - tm, iv / 2, -iv from w

select f(t), t.upper from t

select a.b.c.d.e from t

select t.a::text collate "C", b collate "nope" from t

select '{}' is json, '1' is not json array with unique keys

select 1 is json

select json_object('a': 1, 'b' value 2 absent on null), json_array(1, 'a' returning jsonb), json_array(select 1), json_arrayagg(1), json_objectagg('a': 1 returning text)

select json_array(1 returning int)

select '$.a'::jsonpath, '{"a":1}'::jsonb @? '$.a', jsonb_path_query('[1]', '$[*]')

select '{"a":1}'::jsonb - 'a', ('{"a":1}'::jsonb)['a'], ('{"a":1}'::jsonb)[1.5]
