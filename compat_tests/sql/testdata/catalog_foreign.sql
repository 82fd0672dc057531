-- What the catalogs say of foreign keys.
create schema fk;
create table fk.parent (id serial primary key, name varchar(20) not null unique);
create table fk.child (id bigint generated always as identity primary key, pid int not null references fk.parent on delete cascade);
set search_path = fk, public;
select relname, relhastriggers from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'fk' and relkind = 'r' order by relname;
select conname, contype, condeferrable, condeferred, convalidated, conkey, confkey, confupdtype, confdeltype, confmatchtype, conrelid::regclass, confrelid::regclass from pg_constraint where connamespace = 'fk'::regnamespace order by conname;
select conname, pg_get_constraintdef(oid, true) from pg_constraint where connamespace = 'fk'::regnamespace order by conname;
select schemaname, tablename, hastriggers from pg_tables where schemaname = 'fk' order by tablename;
select constraint_name, table_name, constraint_type, is_deferrable, initially_deferred from information_schema.table_constraints where table_schema = 'fk' and constraint_name not like '%not_null' order by 1;
select constraint_name, table_name, column_name, ordinal_position, position_in_unique_constraint from information_schema.key_column_usage where table_schema = 'fk' order by 1, 4;
select constraint_name, unique_constraint_name, match_option, update_rule, delete_rule from information_schema.referential_constraints where constraint_schema = 'fk';
select constraint_name, table_name, column_name from information_schema.constraint_column_usage where table_schema = 'fk' order by 1, 3;
select count(*) from pg_trigger where tgrelid = 'fk.parent'::regclass and tgisinternal;
drop schema fk cascade;
