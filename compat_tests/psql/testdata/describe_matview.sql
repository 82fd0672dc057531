-- Materialized views in \d, \dm and \d+.

create table src (id int primary key, grp text not null, amount numeric(10,2));
create materialized view totals as select grp, sum(amount) as total from src group by grp;
create materialized view later as select id from src with no data;
create unique index totals_grp on totals (grp);
create index on totals (total desc);

\d totals

\d+ totals

\d later

\d+ later

\dm

\dm tot*

\d

\dtvm

comment on materialized view totals is 'sums by group';

\dd totals

\sv totals

\di

drop table src;

drop table src cascade;

\dm
