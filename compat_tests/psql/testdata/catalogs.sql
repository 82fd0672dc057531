-- Listings of roles, databases, functions, types, privileges and the rest.

create role psql_catalogs_reader;
create role psql_catalogs_writer login createdb connection limit 3 valid until '2030-01-01';
grant psql_catalogs_reader to psql_catalogs_writer;
comment on role psql_catalogs_reader is 'reads';

\du psql_catalogs*

\du+ psql_catalogs*

\dg postgres

\l psql_catalogs

\l template0

\l+ nope

create table shop (id int primary key, item text, price int);
create view cheap as select * from shop where price < 10;
create sequence numbers;

\z

\dp shop

grant select on shop to psql_catalogs_reader;
grant insert, update on shop to psql_catalogs_writer with grant option;
grant select (item), update (price) on shop to psql_catalogs_writer;
grant select on cheap to public;
grant usage on sequence numbers to psql_catalogs_reader;

\z

\dp shop

\dp numbers

revoke all on shop from psql_catalogs_writer cascade;

\dp shop

alter default privileges grant select on tables to psql_catalogs_reader;

\ddp

alter default privileges revoke select on tables from psql_catalogs_reader;

\df lower

\df substr

\df+ now

\df pg_catalog.abs

\dfa count

\da sum

\df nope

\dT int4

\dT boolean

\dT+ numeric

\dT nope

\dTS json*

\do ||/

\dC jsonpath

\dO "C"

\dA

\dL

\dx

\des

\dconfig work_mem

\dconfig search_path

\drds

\dP

\dRp

\dRs

\dy

\dF simple

\sv cheap

\sf lower(text)

\echo :DBNAME :USER :ENCODING

\encoding

drop owned by psql_catalogs_reader, psql_catalogs_writer;
drop role psql_catalogs_reader, psql_catalogs_writer;
