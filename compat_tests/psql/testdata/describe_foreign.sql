-- Foreign keys in the descriptions of both tables, and what hangs on them.

create table dept (id serial primary key, name text not null unique, budget numeric(12,2) default 0 check (budget >= 0));
create table emp (id bigint generated always as identity primary key, dept_id int not null references dept on delete cascade, name varchar(40) not null, manager bigint references emp deferrable initially deferred);

\d dept

\d emp

\d+ dept

\d+ emp

drop table dept;

drop table dept cascade;

\d emp
