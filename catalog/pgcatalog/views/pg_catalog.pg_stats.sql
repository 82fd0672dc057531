SELECT NULL::name AS schemaname,
       NULL::name AS tablename,
       NULL::name AS attname,
       NULL::boolean AS inherited,
       NULL::real AS null_frac,
       NULL::integer AS avg_width,
       NULL::real AS n_distinct,
       s.stavalues1 AS most_common_vals,
       NULL::real[] AS most_common_freqs,
       s.stavalues2 AS histogram_bounds,
       NULL::real AS correlation,
       s.stavalues3 AS most_common_elems,
       NULL::real[] AS most_common_elem_freqs,
       NULL::real[] AS elem_count_histogram
FROM pg_statistic s
WHERE false;
