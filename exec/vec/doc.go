// Package vec runs query plans by columns: pull operators over batches of about a thousand rows, one worker per core.
//
// # Operators and streams
//
// An Operator is a plan node of one program; a Stream is one worker's way through it. Streams(q, n) starts a run and gives between one and n streams whose batches
// together are the result; the operator below hands its work out in parts of the key range (morsels), so workers that are fast take more. A pipeline is a scan and the
// operators above it that pass batches on (filter, projection, probing a hash table). It ends in an operator that needs all its input before it gives anything
// (aggregate, sort, the build side of a join), which runs the pipeline in Streams, one goroutine per stream, and waits for all of them; or at the root, where Rows
// gathers the streams in bursts. So outside the calls of Streams and of Rows' Next no goroutine of a query runs: a portal can stop in the middle, and a transaction
// can do other things meanwhile.
//
// The contract of a Stream, which one goroutine uses:
//
//   - Next gives a batch with at least one selected row, or nil at the end, which stays the end. After an error it is not called again.
//   - The batch, its selection and its vectors belong to the stream and are valid until its next Next or Close. The receiver may narrow the selection by replacing
//     Sel in its own copy of the Batch; it never writes into vectors. What is kept longer is copied, bytes too.
//   - Close releases cursors and may be called at any time, also twice. Operator.Close closes what its streams left and drops what the run has built.
//   - Next and Streams look at the context at least once a batch, which is well below 100 ms, and return its cause when it has ended.
//   - Batches of one part of a scan come in key order on one stream, and carry the part's number; Rows uses it to give rows in the order in which a single
//     worker would have met them.
//
// # Expressions
//
// An expression is compiled for one stream. Hot ones have kernels over raw slices: comparison, integer, float and decimal arithmetic with overflow checks, AND, OR and
// NOT as selections with three-valued logic, LIKE with %, IN over constants, date fields, CASE, casts between numbers. Any other expression is evaluated by the
// row evaluator of package expr over the selected rows, so that every expression has one meaning in both engines. A condition is evaluated
// only for the rows that those before it left, as row by row.
//
// Numerics are computed as coefficients of a common scale in 64 bits and summed in 128; a batch that does not fit goes through exact arithmetic, so the digits are
// PostgreSQL's in both.
//
// # Memory
//
// What an operator keeps (groups, hash tables, rows to sort) is counted against the query's Memory. Beyond its limit the query ends with 53200.
package vec
