// Package pgtype is PostgreSQL's types: one file per type (or family of one codec), each with its text and binary codec, comparison, hash, key bytes and
// stored form, so that everything about a type is read in one place.
//
// A value is a Datum (three words, no interface); a type is a *Type with a Codec. Arithmetic that is more than a line lives in leaf packages below:
// numeric (exact decimals), datetime (calendar, parsing, zones), jsonb.
package pgtype
