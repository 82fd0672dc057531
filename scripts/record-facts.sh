#!/usr/bin/env bash
# Records PostgreSQL 16's built-in catalog rows into internal/pgfacts/data, from a freshly initialised server.
# Usage: scripts/record-facts.sh 'host=127.0.0.1 port=5416 user=postgres dbname=template1'
set -euo pipefail
dsn=${1:?a connection string of a fresh PostgreSQL 16}
out=$(cd "$(dirname "$0")/.." && pwd)/internal/pgfacts/data
mkdir -p "$out"
dump() { psql "$dsn" -XqAt -v ON_ERROR_STOP=1 -c "COPY ($2) TO STDOUT WITH (FORMAT csv, HEADER)" > "$out/$1.csv"; }
dump pg_proc "SELECT oid, proname, pronamespace, proowner, prolang, procost, prorows, provariadic, prosupport, prokind, prosecdef, proleakproof,
  proisstrict, proretset, provolatile, proparallel, pronargs, pronargdefaults, prorettype, proargtypes, proallargtypes, proargmodes, proargnames,
  pg_get_expr(proargdefaults, 0) AS proargdefaults, prosrc, probin, proconfig, proacl FROM pg_proc WHERE oid < 16384 ORDER BY oid"
for t in operator opclass opfamily amop am cast collation conversion language namespace tablespace ts_config ts_dict ts_parser ts_template database authid auth_members; do
  dump pg_$t "SELECT * FROM pg_$t WHERE oid < 16384 ORDER BY oid"
done
for t in type class; do dump pg_$t "SELECT * FROM pg_$t WHERE oid < 16384 ORDER BY oid"; done
dump pg_attribute "SELECT * FROM pg_attribute WHERE attrelid < 16384 ORDER BY attrelid, attnum"
dump pg_index "SELECT * FROM pg_index WHERE indexrelid < 16384 ORDER BY indexrelid"
dump pg_constraint "SELECT * FROM pg_constraint WHERE oid < 16384 ORDER BY oid"
dump pg_aggregate "SELECT a.aggfnoid::oid AS aggfnoid, aggkind, aggnumdirectargs, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn,
  aggmfinalfn, aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify, aggsortop, aggtranstype, aggtransspace, aggmtranstype, aggmtransspace, agginitval, aggminitval FROM pg_aggregate a ORDER BY 1"
dump pg_range "SELECT * FROM pg_range ORDER BY rngtypid"
dump pg_description "SELECT * FROM pg_description WHERE objoid < 16384 ORDER BY classoid, objoid, objsubid"
dump pg_shdescription "SELECT * FROM pg_shdescription ORDER BY 1, 2"
dump pg_ts_config_map "SELECT * FROM pg_ts_config_map ORDER BY 1, 2, 3"
dump pg_settings "SELECT name, setting, unit, category, short_desc, extra_desc, context, vartype, source, min_val, max_val, enumvals, boot_val, reset_val FROM pg_settings ORDER BY name COLLATE \"C\""
dump pg_timezone_abbrevs "SELECT * FROM pg_timezone_abbrevs ORDER BY 1"
dump pg_keywords "SELECT * FROM pg_get_keywords() ORDER BY 1"
dump pg_amproc "SELECT oid, amprocfamily, amproclefttype, amprocrighttype, amprocnum, amproc::oid AS amproc FROM pg_amproc WHERE oid < 16384 ORDER BY oid"
dump pg_depend "SELECT * FROM pg_depend WHERE objid < 16384 ORDER BY classid, objid, objsubid, refclassid, refobjid, refobjsubid"
dump pg_init_privs "SELECT * FROM pg_init_privs WHERE objoid < 16384 ORDER BY classoid, objoid, objsubid"
dump pg_rewrite "SELECT oid, rulename, ev_class, ev_type, ev_enabled, is_instead FROM pg_rewrite WHERE oid < 16384 ORDER BY oid"
for t in sql_features sql_implementation_info sql_parts sql_sizing; do dump $t "SELECT * FROM information_schema.$t ORDER BY 1, 2"; done
dump pg_timezone_names "SELECT name FROM pg_timezone_names ORDER BY 1"
