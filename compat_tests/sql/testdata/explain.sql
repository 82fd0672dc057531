-- EXPLAIN without costs of trivial plans.
create table e (a int primary key, b int);
explain (costs off) select 1;
explain (costs off) select * from e;
explain (costs off) select * from e where b = 1;
explain (costs off) values (1), (2);
explain (costs off) insert into e values (1, 2);
explain (costs off) delete from e;
explain (costs off) select * from e limit 1;
explain (costs off) select count(*) from e;
explain (costs off) select 1 where false;
explain (nope) select 1;
explain (costs maybe) select 1;
explain select nope from e;
explain create table x (a int);
