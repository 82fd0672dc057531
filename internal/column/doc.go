// Package column holds batches of rows as columns: what storage decodes into and what vectorised operators work on.
//
// A Batch is N rows in vectors of one length, with an optional selection: the positions, in order, of the rows that still count. Only what is selected has
// meaning; the other places may hold anything.
//
// A Vector lies in memory as an Arrow array does: a slice of fixed-width values and a bitmap of the valid ones (a set bit is a value, no bitmap means no
// NULL). The kinds are few, so that a kernel is written a few times and not once per SQL type:
//
//	Word     []int64    boolean (0, 1), integers, oid, date, time, timestamps: everything with pgtype.RepWord
//	Float    []float64  float4 and float8
//	Decimal  []int64    numeric: coefficients of one common display scale, all finite
//	Bytes    []string   byte strings as views into buffers of others; with Codes, positions in a dictionary
//	Datum    []Datum    everything else, and numerics that do not fit Decimal
//
// A view is valid as long as the vector's owner says; whoever keeps it copies the bytes.
package column
