// Package numeric is SQL's exact decimal: PostgreSQL's numeric, with its display scales, special values, rounding and errors.
//
// A Num is a coefficient times ten to the minus scale. Coefficients that fit 64 bits lie in the Num itself and are calculated with machine
// words; larger ones are math/big integers behind a pointer. Every operation returns the small form when the result fits it, so that a
// value has one form.
//
// The scale of a result is part of the result: division, square root and the functions with inexact results choose as many digits
// as PostgreSQL chooses, which depends on the weight of the operands in base 10000, its digit.
package numeric
