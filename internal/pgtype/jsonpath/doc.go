// Package jsonpath is SQL/JSON's path language: it reads paths, prints them as PostgreSQL does, and evaluates them over jsonb values.
//
// A path is a tree of nodes. A node's Next is the accessor that is applied to what the node yields, so $.a[*] is a root with a key and then a wildcard behind
// it. Evaluation passes each value that a node yields on to the next one by a callback, so that a caller who wants only one stops early.
//
// Two kinds of errors are told apart. Those about the data (a missing key in strict mode, a string where a number is needed) make a predicate unknown and are
// what "silent" suppresses; those about the question (a variable that is not given) are always raised.
package jsonpath
