// Package golden keeps recorded results beside the input that made them, and compares a later run with them.
//
// A recording is a text file of numbered cases:
//
//	=== 1
//	SELECT 1 AS a;
//	---
//	columns: a integer
//	1
//	tag: SELECT 1
//
// The input is repeated so that a recording can be read alone, and so that a recording older than its input is noticed.
//
// Known gaps are named in one checked-in list, one per line as `file:number reason`. A case on the list must fail: when
// it passes, the list has to shrink.
package golden
