// Package pgtype is PostgreSQL's types: one file per type (or family of one codec), each with its text and binary codec, comparison, hash, key bytes and
// stored form, so that everything about a type is read in one place.
//
// A value is a Datum (three words, no interface); a type is a *Type with a Codec. Arithmetic that is more than a line lives in leaf packages below:
// numeric (exact decimals), datetime (calendar, parsing, zones), jsonb.
//
// The expected results in testdata come from a PostgreSQL 16: go test ./internal/pgtype/... -record asks the one at KALAMPG_REFERENCE_DSN and writes
// them again (inputs.txt is what it is asked). The random tests print their seed and take it by -seed.
package pgtype
