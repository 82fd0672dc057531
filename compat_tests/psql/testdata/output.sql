-- How psql shows results: formats, \x, \gdesc, \gx, \gset, variables, errors.

create table t (id int primary key, name text, price numeric(8,2), at timestamp, tags text[], ok bool);

insert into t values (1, 'one', 1.50, '2024-01-02 03:04:05', '{a,b}', true), (2, E'two\nlines', null, null, null, false), (3, 'dré', 1234.5, '2024-02-29', '{}', null) returning id;

select * from t order by id;

\x
select * from t order by id;
select * from t where false;
\x off

\x auto
select id, name from t order by id;
\x off

select id, name from t order by id \gx

select 1 as a, 'x'::varchar(5) as b, null as c, 2.5::numeric(4,1), now(), array[1] \gdesc

select nope \gdesc

insert into t values (9, 'x') \gdesc

select count(*) as n, max(name) as m from t \gset

\echo :n :m

\echo :'m' :"m"

select :n + 1 as n1, :'m' as m;

select 'select ' || id || ' as generated' from t order by id limit 2 \gexec

select id, ok, count(*) from t group by 1, 2 order by 1, 2 \crosstabview id ok

\pset null '<null>'

select price from t order by id;

\pset null ''

\a
select id, name, price from t order by id;
\a

\t on
select id, name from t order by id;
\t off

\pset format csv
select * from t order by id;
\pset format aligned

\pset format html
select id, price from t order by id limit 1;
\pset format aligned

\pset border 2
select id, price from t order by id;
\pset border 1

\pset footer off
select id from t order by id;
\pset footer on

\H
select 1 as one;
\H

\timing off

select 1 as a; select 2 as b;

select 1 as a \; select 2 as b;

select 1 as a \; select nope \; select 3;

select nope;

select * from nope where x = 1;

select 1 / 0;

selct 1;

select 'a' || 1 + nope
  from t
 where id = 1;

insert into t values (1, 'dup');

\set VERBOSITY verbose

\set SHOW_CONTEXT never

insert into t values (null);

\errverbose

\set VERBOSITY terse

insert into t values (1, 'dup');

select upper();

\set VERBOSITY sqlstate

select 1 / 0;

\set VERBOSITY default

\echo :SQLSTATE :ERROR :LAST_ERROR_MESSAGE :ROW_COUNT

drop table if exists nope;

begin;

select 1 / 0;

select 1;

commit;

\set AUTOCOMMIT off

insert into t values (20, 'auto');

rollback;

select count(*) from t;

rollback;

\set AUTOCOMMIT on

\set ON_ERROR_ROLLBACK on

begin;
insert into t values (30, 'kept');
select nope;
select count(*) from t where id = 30;
commit;

\set ON_ERROR_ROLLBACK off

\set FETCH_COUNT 2

select id from t order by id;

\unset FETCH_COUNT

\if :{?n}
select 'defined' as n;
\else
select 'undefined' as n;
\endif

prepare q (int) as select name from t where id = $1;
execute q (1);
deallocate q;

explain (costs off) select 1;

values (1, 'a'), (2, 'b');

table t limit 0;

;

select;

select from t;

update t set ok = true where id < 3;

delete from t where id = 30;

create table c as select id from t;

show server_version_num;

set nope = 1;

\o results.txt
select 'to file' as x;
\o
\! cat results.txt

select 1 as x \g (format=unaligned)

select 1 as x, 2 as y \g (format=csv) out.csv
\! cat out.csv

\nope
