-- What kalampg answers differently from PostgreSQL: features that it lacks, its own columns, and errors that PostgreSQL reports when it plans or runs.
insert into seq values (1)

insert into t values (1) on conflict (b) do nothing

insert into u values (1, 'x') on conflict (a) do nothing

insert into w (n) values (1) on conflict (n) do nothing

update pg_class set relname = 'x'

select * from postgres.public.t

select xmlparse(document '<a/>')

select _seq, _updated, _deleted from t
