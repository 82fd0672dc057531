-- COPY and \copy in all directions.

create table t (id int primary key, name text, n numeric);

copy t from stdin;
1	one	1.5
2	two	\N
3	tab\there	3
\.

select * from t order by id;

copy t to stdout;

copy t (id, name) to stdout with (format csv, header);

\copy t to 'out.tsv'

\! cat out.tsv

\copy (select id, name from t where id < 3 order by id) to 'out.csv' with (format csv, header true, delimiter ';')

\! cat out.csv

delete from t;

\copy t from 'out.tsv'

select count(*), sum(n) from t;

\copy t from 'nope.tsv'

\copy t from stdin with csv
10,"quoted, ""x""",1
11,,
12,"",2
\.

select id, name, name is null as isnull, n from t where id >= 10 order by id;

\copy (select id, name, n from t order by id) to stdout

\copy t (name, id) from stdin (format csv, header match)
name,id
m,20
\.

\copy t (name, id) from stdin (format csv, header match)
id,name
21,m
\.

copy t from stdin;
30	x
\.

copy t from stdin;
31	x	1	2
\.

copy t from stdin;
abc	x	1
\.

copy t from stdin;
32	ok	1
1	dup	1
\.

select count(*) from t;

copy t (id, n) from stdin with (delimiter '|', null '-');
40|1.25
41|-
\.

copy t from stdin where id > 50;
50	no	1
51	yes	1
\.

select id, n from t where id >= 40 order by id;

begin;
copy t from stdin;
60	x	1
\.
rollback;

select count(*) from t where id = 60;

\copy t to 'out.bin' (format binary)

create table t2 (like t);

\copy t2 from 'out.bin' (format binary)

select count(*) from t2 where (id, name, n) not in (select id, name, n from t);

\copy t2 from 'out.tsv' (format binary)

copy nope from stdin;

copy t to stdout (format csv, quote '''', escape '\', force_quote *);

copy (values (1, 'a b'), (null, '')) to stdout csv null 'NULL';

copy (select 1) from stdin;

insert into t values (70, 'ins') returning *;

copy (delete from t where id = 70 returning id) to stdout;

\copy nope from stdin

create table wide (a int, b text, c date, d bool, e float8, f bytea, g jsonb, h int[]);

copy wide from stdin;
1	a\\b	2024-01-01	t	1.5	\\x01ff	{"a": 1}	{1,2}
\N	\N	\N	\N	\N	\N	\N	\N
2	é\u0041	infinity	f	NaN	\\\\x	[]	{}
\.

copy wide to stdout;

copy wide to stdout csv header;
