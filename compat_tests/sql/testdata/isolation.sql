-- What sessions see of each other: snapshots, locks that do not wait, conflicts, DDL.
-- session a
create table acc (id int primary key, v int);
insert into acc values (1, 100), (2, 200), (3, 300);
begin;
update acc set v = v + 1 where id = 1;
-- session b
select v from acc where id = 1;
set lock_timeout = '50ms';
update acc set v = 0 where id = 1;
select v from acc where id = 1 for update nowait;
select id from acc order by id for update skip locked;
select id from acc where id = 1 for key share nowait;
insert into acc values (4, 400) returning *;
-- session a
select count(*) from acc;
commit;
-- session b
select v from acc where id = 1;
update acc set v = v + 1 where id = 1 returning v;
-- session a
begin isolation level repeatable read;
select count(*), sum(v) from acc;
-- session b
insert into acc values (5, 500);
update acc set v = 222 where id = 2;
-- session a
select count(*), sum(v) from acc;
select v from acc where id = 2;
update acc set v = v + 1 where id = 3 returning v;
update acc set v = v + 1 where id = 2;
select 1;
rollback;
select count(*), sum(v) from acc;
begin isolation level repeatable read;
select v from acc where id = 3;
-- session b
delete from acc where id = 3;
-- session a
select v from acc where id = 3;
select v from acc where id = 3 for update;
rollback;
begin;
select count(*) from acc;
-- session b
insert into acc values (6, 600);
-- session a
select count(*) from acc;
insert into acc values (6, 0);
rollback;
begin;
insert into acc values (7, 700);
savepoint s;
update acc set v = 0 where id = 6;
rollback to s;
-- session b
set lock_timeout = '50ms';
insert into acc values (7, 0);
insert into acc values (7, 0) on conflict do nothing;
update acc set v = 601 where id = 6 returning v;
-- session a
commit;
-- session b
insert into acc values (7, 0) on conflict (id) do update set v = acc.v + 1 returning v;
begin;
create table hidden (x int);
insert into hidden values (1);
alter table acc add column note text;
-- session a
select * from hidden;
set lock_timeout = '50ms';
select count(*) from acc;
-- session b
commit;
-- session a
select * from hidden;
select note from acc where id = 1;
begin;
lock table hidden in share mode;
-- session b
select count(*) from hidden;
insert into hidden values (2);
drop table hidden;
truncate hidden;
create index on hidden (x);
lock table hidden in access exclusive mode nowait;
-- session a
rollback;
begin;
select * from acc where id = 1 for share;
-- session b
select id from acc where id = 1 for share nowait;
select id from acc where id = 1 for update nowait;
select id from acc where id = 1 for no key update nowait;
delete from acc where id = 1;
-- session a
commit;
begin;
declare c cursor for select id from acc order by id;
fetch 1 from c;
-- session b
delete from acc where id = 2;
insert into acc values (0, 0);
-- session a
fetch all from c;
select id from acc order by id;
commit;
begin isolation level serializable;
select sum(v) from acc;
-- session b
begin isolation level serializable;
select sum(v) from acc;
insert into acc values (20, 1);
commit;
-- session a
insert into acc values (21, 1);
commit;
select count(*) from acc where id in (20, 21);
create sequence sq;
begin;
select nextval('sq');
-- session b
select nextval('sq');
-- session a
rollback;
select nextval('sq'), currval('sq');
select pg_advisory_lock(7);
-- session b
select pg_try_advisory_lock(7), pg_try_advisory_lock_shared(7);
-- session a
select pg_advisory_unlock(7);
-- session b
select pg_try_advisory_lock(7);
select pg_advisory_unlock_all();
create temp table tmp (a int);
-- session a
select * from tmp;
begin;
update acc set v = -1 where id = 5;
-- session b
begin;
update acc set v = -2 where id = 6;
set local lock_timeout = '50ms';
update acc set v = -2 where id = 5;
rollback;
-- session a
update acc set v = -1 where id = 6;
commit;
select id, v from acc where id in (5, 6) order by id;
