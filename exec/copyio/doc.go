// Package copyio is the formats of COPY: text, CSV and binary, in and out, and its options (PostgreSQL's reference page of COPY). It turns a stream of bytes into fields and fields
// into bytes, and knows no tables.
package copyio
