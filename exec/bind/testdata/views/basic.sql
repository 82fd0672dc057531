select a, b as x, a + 1 from t

select a from t where a > 1 and b = 'x' or not e

select t.a, u.x from t join u on t.a = u.a where t.a in (1,2,3) and u.x like 'a%'

select * from t left join u using (a)

select t.*, u.x from t, u where t.a = u.a

select u.x, w.id from (t cross join u) join w on w.id = t.a

select b, count(*), sum(a) filter (where a > 1), string_agg(distinct b, ',' order by b) from t group by b having count(*) > 1 order by count(*) desc, b nulls first limit 10 offset 2

select distinct b from t order by b desc

select distinct on (b) b, a from t order by b, a

select case when a > 1 then 'x' when a > 2 then b end as c, case a when 1 then 2 else 3 end as d from t

select coalesce(b, 'x'), nullif(a, 1), greatest(a, 2), least(1, a) from t

select a::text, b::varchar(3), c::integer, '5'::bigint, 5::bigint as x1, -5 as x2, -5.5 as x3, 1.5 as x4, 'x'::text, null as x5, null::int, true as x6, a::text || b as x7, 1.50::numeric(5,1) as x8, 'a'::char(3) as x9, '1'::"char" as x10, '{1,2}'::int[] as x11, 1::smallint as x12, 1.5::float8 as x13 from t

select current_date, current_timestamp, current_timestamp(2) as ts2, current_user, localtime

select extract(year from d), d at time zone 'UTC', substring(b from 1 for 2), position('a' in b), trim(b) as t1, trim(leading 'x' from b), overlay(b placing 'x' from 1) from t

select s, ch, upper(s), p + 1, p from w where s = 'x' and ch = 'y' and m = 'ok' and nm = 'x'

select a between 1 and 2 as x1, b is null as x2, e is true as x3, a is distinct from 1 as x4, a is not distinct from 2 as x5, not (a = 1 and e) as x6, not e or e is not true as x7 from t

select array[1,2,a], array[]::int[] as a2, (w.q).x, ar[1], ar[1:2] as ar2 from t, w

select a from t where exists (select 1 from u where u.a = t.a) and a in (select a from u) and a > all (select y from u) and (a, b) in (select a, x from u) and a = (select max(a) from u)

select a from t union select a from u

select a from t union all select a from u order by 1 limit 3

(select a from t order by a limit 1) except select a from u

with x as (select a, b from t), y(z) as (select a from x) select x.*, y.z from x join y on x.a = y.z

with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select n from r

select * from (select a, b from t where a > 1) s

select * from (values (1,'a'),(2,'b')) v(x,y)

values (1, 'a'), (2, 'b')

select * from generate_series(1, 3) g

select * from generate_series(1, 3) with ordinality as g(x, o)

select x.a from t x(a)

select t.a from t t where (a + 1) * 2 > 3 and a * 2 + 1 > 3 and (a > 1 or b = 'x')

select now() - interval '1 day' as o, d + '1 hour'::interval, date '2020-01-01', -a as n, not e as ne from t

select a, t from t

select relname, pg_class.oid::regclass from pg_catalog.pg_class where relkind = 'r'

select format('%s', a), concat(a, b), lower(b) as lower, jsonb_build_object('a', 1) from t

select b from t group by lower(b), b order by lower(b)

select * from t natural join u

select * from v join agg using (b)

select a, (select count(*) from u where u.a = t.a) as n from t

select lateral_x.y from t, lateral (select u.y from u where u.a = t.a) lateral_x

select j -> 'a' as ja, j ->> 'b' as jb, j @> '{"a": 1}' from w

select a % 2 as c1, a / 2 as c2, a ^ 2 as c3, @ a as c4, |/ 4.0 as c5, b || 'x' || b as c6, b ~ 'x' as c7, b !~* 'y' as c8, b not like 'z' as c9 from t

select count(distinct a), array_agg(a order by b desc), percentile_cont(0.5) within group (order by a) from t

select b, grouping(b), count(*) from t group by grouping sets ((b), ())

select a from t for update

select b collate "C" from t

select t1.a, t2.a as a2 from t t1 join t t2 on t1.a = t2.a left join u on u.a = t2.a
