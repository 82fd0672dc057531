-- \d and its relatives on tables with everything that they show.

create table plain (a int, b text, c varchar(10), d numeric(10,2), e timestamptz, f text[]);
create table dept (id serial primary key, name text not null unique, budget numeric(12,2) default 0 check (budget >= 0));
create table emp (id bigint generated always as identity primary key, dept_id int not null, name varchar(40) not null, salary numeric(10,2), hired date default current_date, manager bigint, constraint salary_pos check (salary > 0));
create index emp_name on emp (lower(name));
create index emp_rich on emp (salary desc nulls last) where salary > 1000;
create unique index emp_dept_name on emp (dept_id, name);
create view rich as select e.id, e.name, d.name as dept from emp e join dept d on d.id = e.dept_id where e.salary > 1000;
create sequence free_seq start 100 increment 5;
create schema other;
create table other.hidden (x int);
create temp table scratch (y int);

\d plain

\d dept

\d emp

\d+ plain

\d+ dept

\d+ emp

\d rich

\d+ rich

\d free_seq

\d dept_id_seq

\d emp_id_seq

\d emp_name

\d+ emp_rich

\d emp_pkey

\d other.hidden

\d nope

\d pla*

\d "plain"

\d scratch

\d

comment on table plain is 'a plain table';
comment on column plain.b is 'some text';
comment on view rich is 'those with much';
comment on index emp_name is 'by name';
comment on schema other is 'elsewhere';
comment on sequence free_seq is 'free';

\dt

\dt other.*

\dt nope

\dt *.hidden

\di

\di emp_*

\ds

\dv

\dv+ rich

\dn

\dn+ other

\dE

\dm

\dtvs

\dS plain

\dd

create table stored (a int, b int generated always as (a + 1) stored, c int not null default 5, d int collate "C");

create table stored (a int, b int generated always as (a + 1) stored, c text collate "C" default 'x');

\d stored

create table quoted."Table" (a int);

create schema "Quoted Schema" create table "Table Name" ("Column 1" int primary key, "select" text default 'it''s');

\d "Quoted Schema"."Table Name"

set search_path = "Quoted Schema", public;

\dt

\d "Table Name"

reset search_path;

drop table dept;

drop table dept cascade;

\d emp
