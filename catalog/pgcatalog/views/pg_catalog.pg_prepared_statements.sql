SELECT s.name,
       s.statement,
       s.prepare_time,
       s.parameter_types,
       s.result_types,
       s.from_sql,
       s.generic_plans,
       s.custom_plans
FROM pg_prepared_statement() s;
