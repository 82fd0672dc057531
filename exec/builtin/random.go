package builtin

import (
	"math"
	"math/bits"
	randv2 "math/rand/v2"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// randomFamily is random, setseed and random_normal.
var randomFamily = []Def{
	{Name: "drandom", Scalar: randomFloat},
	{Name: "setseed", Scalar: setSeed},
	{Name: "drandom_normal", Scalar: randomNormal},
}

// Random is the generator of a session: xoroshiro128**, so that a seed gives the numbers that it gives in PostgreSQL. The zero Random seeds itself.
type Random struct{ s0, s1 uint64 }

// Randomizer is an Env that keeps a generator for its session. Without one, random numbers come from the process and setseed has no effect.
type Randomizer interface {
	Random() *Random
}

// Seed sets the state from a number in [-1, 1].
func (r *Random) Seed(seed float64) {
	state := uint64(int64(float64(uint64(1)<<52-1) * seed))
	next := func() uint64 { // splitmix64
		state += 0x9E3779B97F4A7C15
		v := state
		v = (v ^ v>>30) * 0xBF58476D1CE4E5B9
		v = (v ^ v>>27) * 0x94D049BB133111EB
		return v ^ v>>31
	}
	r.s0 = next()
	r.s1 = next()
}

// Uint64 gives 64 random bits.
func (r *Random) Uint64() uint64 {
	for r.s0 == 0 && r.s1 == 0 {
		r.s0, r.s1 = randv2.Uint64(), randv2.Uint64()
	}
	s0, s1 := r.s0, r.s1^r.s0
	v := bits.RotateLeft64(s0*5, 7) * 9
	r.s0 = bits.RotateLeft64(s0, 24) ^ s1 ^ s1<<16
	r.s1 = bits.RotateLeft64(s1, 37)
	return v
}

// Float64 gives a number in [0, 1).
func (r *Random) Float64() float64 { return math.Ldexp(float64(r.Uint64()>>12), -52) }

func (c *Call) random() *Random {
	if r, ok := c.Env.(Randomizer); ok {
		return r.Random()
	}
	return &Random{}
}

func randomFloat(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Float(c.random().Float64()), nil
}

func setSeed(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	seed := a[0].Float()
	if seed < -1 || seed > 1 || math.IsNaN(seed) {
		s := string(pgtype.AppendFloat8(c.Text, nil, seed))
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "setseed parameter %s is out of allowed range [-1,1]", s)
	}
	c.random().Seed(seed)
	return pgtype.Text(""), nil
}

// randomNormal draws from a normal distribution by Box and Muller's transformation.
func randomNormal(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	r := c.random()
	u1 := 1 - r.Float64()
	u2 := r.Float64()
	z := math.Sqrt(-2*cLog(u1)) * cSin(2*math.Pi*u2)
	return pgtype.Float(a[1].Float()*z + a[0].Float()), nil
}
