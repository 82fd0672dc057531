-- ON_ERROR_STOP ends the session at the first error.

\set ON_ERROR_STOP on

select 1 as before;

select nope;

select 2 as never;
