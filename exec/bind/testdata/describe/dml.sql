insert into t values (1, 'a', 2, now(), true)

insert into t values ($1, $2, $3, $4, $5)

insert into t (a, b) values ($1, $2) returning a, b, c + 1, *

insert into t (a, b) values (1, 2, 3)

insert into t (a, b) values (1)

insert into t values (1, 2, 3, 4, 5, 6)

insert into t (a, a) values (1, 2)

insert into t (a, nope) values (1, 2)

insert into t (a) values ('x')

insert into t (a) values (true)

insert into t (b) values (1)

insert into t (c) values (1), (default), ($1)

insert into t (a, b) values (1, 'x'), (2)

insert into t default values returning a

insert into t (a, b) select a, x from u

insert into t (a, b) select $1, $2

insert into t select 1, 'x'

insert into t (a) select b from t

insert into t (a) select 1, 2

insert into w (id) values (1)

insert into w (id, n) values (default, 1) returning id, twice

insert into w (id, n) overriding system value values (1, 2)

insert into w (twice) values (1)

insert into w (twice) values (default)

insert into w (n, p, s, m, q, ar[1], ar[2], q.x) values (1, 2, 'x', 'ok', row(1,2), 3, 4, 5)

insert into w (n, ar[1], ar[2]) values ($1, $2, $3)

insert into w (q.x, q.y) values (1, '2')

insert into w (q.z) values (1)

insert into w (m) values ('nope')

insert into w (m) values ($1), ('ok')

insert into nope values (1)

insert into agg values (1)

insert into t values (1) on conflict do nothing

insert into t (a, b) values ($1, $2) on conflict (a) do update set b = excluded.b, c = t.c + 1 where t.a > $3 returning *

insert into t values (1) on conflict do update set b = 'x'

insert into t values (1) on conflict on constraint t_pkey do update set b = excluded.b

insert into t values (1) on conflict on constraint nope do nothing

insert into t values (1) on conflict (a) do update set b = nope.b

insert into t values (1) on conflict (a) do update set b = b

insert into t as tt values (1) on conflict (a) do update set b = t.b

insert into u values (1, 'x') on conflict (x, a) do nothing

insert into w (nm) values ('x') on conflict (lower(nm::text)) do nothing

insert into w (n) values (1) on conflict (n) where r > 1 do nothing

insert into t (a) values (count(*))

insert into t (a) values (generate_series(1, 3))

insert into t (a) values ((select max(a) from t))

insert into t values (1) returning nope

insert into t values (1) returning (select count(*) from u), t, t.a

update t set b = 'x' where a = 1

update t set b = $1, c = $2 where a = $3 returning a, b

update t set nope = 1

update t set a = 'x'

update t set a = b

update t set b = 1

update t set a = 1, a = 2

update t set b = default, d = default, a = a + 1

update t set (a, b) = (1, 'x')

update t set (a, b) = row(1, 'x')

update t set (a, b) = (select a, x from u limit 1)

update t set (a, b) = (1)

update t set (a, b) = (1, 2, 3)

update t set b = u.x from u where u.a = t.a returning t.a, u.y

update t x set b = 'a' where t.a = 1

update t x set b = 'a' where x.a = 1

update t set b = 'x' from t where a = 1

update t set b = 'x' from t t2 where t.a = t2.a

update t set b = l.x from lateral (select x from u where u.a = t.a) l

update w set ar[1] = 2, ar[2] = 3, q.x = 1, n = $1

update w set ar[1:2] = array[1,2], ar[1] = 'x'

update w set q.z = 1

update w set twice = 1

update w set twice = default

update w set id = 1

update w set id = default

update w set m = 'happy' where m = 'ok'

update t set a = count(*)

update t set a = generate_series(1,2)

update t set b = 'x' where count(*) > 1

update agg set n = 1

update t set ctid = null

delete from t

delete from t where a = $1 returning *

delete from t using u where u.a = t.a and u.x = $1 returning t.a, u.x

delete from t x where t.a = 1

delete from nope

delete from agg

with x as (insert into t values (1) returning a) select * from x

with x as (update t set b = 'x' returning a, b) insert into u (a, x) select * from x returning u.a

with x as (delete from t) select * from x

select * from (insert into t values (1) returning a) x

select (with x as (insert into t values (1) returning a) select * from x)

select a from t for update

select a from t for update of u

select t.a from t join u using (a) for update of t

select count(*) from t for update

select distinct a from t for share

select a from t union select a from u for update

select a from t group by a for update

insert into v (a, b) values (1, 'x') returning a

update v set b = 'x' where a = 1

delete from v where a = 1 returning *

insert into v (c) values ('x')

update v set nope = 1
