package builtin

import (
	"math/big"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// positionFamily is the operators of pg_lsn and xid8, 64-bit numbers without a sign.
var positionFamily = slices.Concat(
	comparisons("pg_lsn", underNames, compareUints),
	comparisons("xid8", plainNames, compareUints),
	extremes("pg_lsn_larger", "pg_lsn_smaller", compareUints),
	extremes("xid8_larger", "xid8_smaller", compareUints),
	[]Def{
		comparer("pg_lsn_cmp", compareUints),
		comparer("xid8cmp", compareUints),
		{Name: "xid8toxid", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(int64(uint32(a[0].Int()))), nil
		}},
		{Name: "pg_lsn_mi", Scalar: lsnDifference},
		{Name: "pg_wal_lsn_diff", Scalar: lsnDifference},
		{Name: "pg_lsn_pli", Scalar: lsnOffset(1)},
		{Name: "pg_lsn_mii", Scalar: lsnOffset(-1)},
		{OID: 5023, Name: "numeric + pg_lsn", Scalar: swapped(lsnOffset(1))},
		{Name: "numeric_pg_lsn", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			x := a[0].Numeric()
			if !x.IsFinite() {
				return pgtype.Null, errLSNNumber(x)
			}
			return lsnOf(wholeOf(x))
		}},
	},
)

func unsigned(d pgtype.Datum) *big.Int { return new(big.Int).SetUint64(uint64(d.Int())) }

func lsnDifference(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.NumericValue(numeric.FromBigInt(new(big.Int).Sub(unsigned(a[0]), unsigned(a[1])), 0)), nil
}

func errLSNNumber(x numeric.Num) error {
	what := "infinity"
	if x.IsNaN() {
		what = "NaN"
	}
	return pgerr.Newf(pgerr.FeatureNotSupported, "cannot convert %s to pg_lsn", what)
}

// wholeOf rounds a finite number.
func wholeOf(x numeric.Num) *big.Int {
	r, err := numeric.Round(x, 0)
	if err != nil {
		return new(big.Int).Lsh(big.NewInt(1), 64)
	}
	return r.BigInt()
}

func lsnOf(v *big.Int) (pgtype.Datum, error) {
	if !v.IsUint64() {
		return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "pg_lsn out of range")
	}
	return pgtype.Int(int64(v.Uint64())), nil
}

func lsnOffset(direction int64) Scalar {
	verb := map[int64]string{1: "add %s to pg_lsn", -1: "subtract %s from pg_lsn"}[direction]
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x := a[1].Numeric()
		if x.IsNaN() {
			return pgtype.Null, pgerr.Newf(pgerr.FeatureNotSupported, "cannot "+verb, "NaN")
		}
		if !x.IsFinite() {
			return pgtype.Null, errLSNNumber(x)
		}
		v := new(big.Int).Mul(wholeOf(x), big.NewInt(direction))
		return lsnOf(v.Add(v, unsigned(a[0])))
	}
}
