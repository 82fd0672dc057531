// Package jsonb is JSON: the check that json input gets, and the values of jsonb.
//
// A jsonb value is kept as its canonical text, exactly as PostgreSQL prints it: object keys in order of length and then bytes, the last of equal
// keys kept, numbers as numeric prints them, ", " and ": " between. So output copies, equality is equality of bytes unless numbers differ in scale, and the
// operations parse the text into a tree (Value), work on that, and print it again.
package jsonb
