-- Many rows at once: they are written otherwise than few, and nothing of that shows.
create table big (id int primary key, n int, s text);
create unique index big_n on big (n);
insert into big select i, i * 2, 'row ' || i from generate_series(1, 30000) i;
select count(*), sum(id), sum(n), min(s), max(s) from big;
select * from big where id in (1, 15000, 30000) order by id;
select * from big where n = 20002;
insert into big values (7, -1, 'there already');
insert into big values (-7, 14, 'there already');
update big set s = 'changed' where id between 100 and 102;
delete from big where id between 200 and 29000;
select count(*), sum(n) from big;
insert into big select i, i * 2, 'again ' || i from generate_series(200, 29000) i;
select count(*), sum(n) from big;
create table twice (id int primary key);
insert into twice select i % 20000 from generate_series(1, 20001) i;
select count(*) from twice;
begin;
create table own (id int, n int);
insert into own select i, i % 10 from generate_series(1, 20000) i;
select n, count(*) from own group by n order by n limit 3;
savepoint a;
insert into own select i, 100 from generate_series(1, 20000) i;
select count(*), max(n) from own;
rollback to a;
select count(*), max(n) from own;
alter table own add primary key (id);
update own set n = -1 where id = 5;
delete from own where id > 10;
select * from own order by id;
commit;
select * from own where id < 7 order by id;
create table many (n int);
insert into many select i from generate_series(1, 20000) i;
insert into many values (42);
create unique index many_n on many (n);
create index many_n on many (n);
select count(*) from many where n = 42;
create table parent (id int primary key);
create table child (id int primary key, p int references parent);
insert into parent select i from generate_series(1, 6000) i;
insert into child select i, i from generate_series(1, 6000) i;
insert into child select i, i from generate_series(6001, 12000) i;
select count(*) from child;
copy parent from stdin;
7001
7002
\.
copy child from stdin;
7001	7001
7002	7003
\.
select count(*) from child;
drop table child, parent, many, own, twice, big;
