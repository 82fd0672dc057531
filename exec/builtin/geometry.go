package builtin

import (
	"math"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// geometryFamily is the functions and operators of points, line segments, boxes, circles, paths and polygons. What needs the nearest point of two shapes, lines of infinite
// length, or the inside of polygons against each other has no code yet.
var geometryFamily = slices.Concat(
	pointDefs, boxDefs, circleDefs, segmentDefs, pathDefs,
)

// shape is a function of the numbers of its arguments.
type shape func(a [][]float64) (pgtype.Datum, error)

func shaped(name string, f shape) Def {
	return Def{Name: name, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v := make([][]float64, len(a))
		for i := range a {
			switch t := c.Types[i].BaseType(); {
			case t.Rep == pgtype.RepFloat:
				v[i] = []float64{a[i].Float()}
			case t.Rep == pgtype.RepWord:
				v[i] = []float64{float64(a[i].Int())}
			default:
				v[i] = a[i].Floats()
			}
		}
		return f(v)
	}}
}

// holds makes a yes-or-no function, measures one that gives a number, makes one that gives a shape.
func holds(name string, f func(a, b []float64) bool) Def {
	return shaped(name, func(v [][]float64) (pgtype.Datum, error) {
		if len(v) == 1 {
			return pgtype.Bool(f(v[0], nil)), nil
		}
		return pgtype.Bool(f(v[0], v[1])), nil
	})
}

func measures(name string, f func(a, b []float64) float64) Def {
	return shaped(name, func(v [][]float64) (pgtype.Datum, error) {
		var second []float64
		if len(v) > 1 {
			second = v[1]
		}
		r := f(v[0], second)
		if math.IsInf(r, 0) && finite(v[0]) && finite(second) {
			return pgtype.Null, pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
		}
		return pgtype.Float(r), nil
	})
}

func makes(name string, f func(a, b []float64) []float64) Def {
	return shaped(name, func(v [][]float64) (pgtype.Datum, error) {
		var second []float64
		if len(v) > 1 {
			second = v[1]
		}
		return pgtype.FloatsValue(f(v[0], second)...), nil
	})
}

func finite(v []float64) bool {
	return !slices.ContainsFunc(v, func(f float64) bool { return math.IsInf(f, 0) || math.IsNaN(f) })
}

// Numbers are compared with a tolerance, as PostgreSQL does.
func near(a, b float64) bool         { return a == b || math.Abs(a-b) <= pgtype.Epsilon }
func below(a, b float64) bool        { return a+pgtype.Epsilon < b }
func notAbove(a, b float64) bool     { return a <= b+pgtype.Epsilon }
func samePoint(a, b []float64) bool  { return near(a[0], b[0]) && near(a[1], b[1]) }
func apart(a, b []float64) float64   { return math.Hypot(a[0]-b[0], a[1]-b[1]) }
func minus(a, b []float64) []float64 { return []float64{a[0] - b[0], a[1] - b[1]} }
func plus(a, b []float64) []float64  { return []float64{a[0] + b[0], a[1] + b[1]} }

// Points multiply and divide as complex numbers: a turn and a stretch.
func times(a, b []float64) []float64 {
	return []float64{a[0]*b[0] - a[1]*b[1], a[0]*b[1] + a[1]*b[0]}
}

func errZero() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }

func over(a, b []float64) ([]float64, error) {
	div := b[0]*b[0] + b[1]*b[1]
	if div == 0 {
		return nil, errZero()
	}
	return []float64{(a[0]*b[0] + a[1]*b[1]) / div, (a[1]*b[0] - a[0]*b[1]) / div}, nil
}

var pointDefs = []Def{
	makes("construct_point", func(x, y []float64) []float64 { return []float64{x[0], y[0]} }),
	holds("point_eq", samePoint),
	holds("point_ne", func(a, b []float64) bool { return !samePoint(a, b) }),
	holds("point_left", func(a, b []float64) bool { return below(a[0], b[0]) }),
	holds("point_right", func(a, b []float64) bool { return below(b[0], a[0]) }),
	holds("point_above", func(a, b []float64) bool { return below(b[1], a[1]) }),
	holds("point_below", func(a, b []float64) bool { return below(a[1], b[1]) }),
	holds("point_vert", func(a, b []float64) bool { return near(a[0], b[0]) }),
	holds("point_horiz", func(a, b []float64) bool { return near(a[1], b[1]) }),
	measures("point_distance", apart),
	shaped("point_slope", func(v [][]float64) (pgtype.Datum, error) { return pgtype.Float(slope(v[0], v[1])), nil }),
	makes("point_add", plus),
	makes("point_sub", minus),
	makes("point_mul", times),
	shaped("point_div", func(v [][]float64) (pgtype.Datum, error) {
		r, err := over(v[0], v[1])
		return pgtype.FloatsValue(r...), err
	}),
	makes("point_box", func(p, _ []float64) []float64 { return []float64{p[0], p[1], p[0], p[1]} }),
}

func slope(a, b []float64) float64 {
	switch {
	case near(a[0], b[0]):
		return math.Inf(1)
	case near(a[1], b[1]):
		return 0
	}
	return (a[1] - b[1]) / (a[0] - b[0])
}

// moved gives a shape with all its points changed; a path's first number is no part of a point.
func moved(v []float64, from int, f func(p []float64) ([]float64, error)) ([]float64, error) {
	out := slices.Clone(v)
	for i := from; i+1 < len(v); i += 2 {
		p, err := f(v[i : i+2])
		if err != nil {
			return nil, err
		}
		out[i], out[i+1] = p[0], p[1]
	}
	return out, nil
}

// moves are the four operators of a shape and a point.
func moves(prefix, suffix string, apply func(v []float64, f func(p []float64) ([]float64, error), by []float64, scale bool) (pgtype.Datum, error)) []Def {
	op := func(name string, scale bool, f func(p, by []float64) ([]float64, error)) Def {
		return shaped(prefix+name+suffix, func(v [][]float64) (pgtype.Datum, error) {
			return apply(v[0], func(p []float64) ([]float64, error) { return f(p, v[1]) }, v[1], scale)
		})
	}
	return []Def{
		op("add", false, func(p, by []float64) ([]float64, error) { return plus(p, by), nil }),
		op("sub", false, func(p, by []float64) ([]float64, error) { return minus(p, by), nil }),
		op("mul", true, func(p, by []float64) ([]float64, error) { return times(p, by), nil }),
		op("div", true, over),
	}
}

func inBox(b, p []float64) bool { return p[0] <= b[0] && p[0] >= b[2] && p[1] <= b[1] && p[1] >= b[3] }

func boxArea(b []float64) float64     { return (b[0] - b[2]) * (b[1] - b[3]) }
func boxCenter(b []float64) []float64 { return []float64{(b[0] + b[2]) / 2, (b[1] + b[3]) / 2} }
func boxesMeet(a, b []float64) bool {
	return notAbove(a[2], b[0]) && notAbove(b[2], a[0]) && notAbove(a[3], b[1]) && notAbove(b[3], a[1])
}
func boxCovers(a, b []float64) bool {
	return notAbove(b[0], a[0]) && notAbove(a[2], b[2]) && notAbove(b[1], a[1]) && notAbove(a[3], b[3])
}

// toBox is the distance of a point from a box, 0 inside.
func toBox(p, b []float64) float64 {
	return math.Hypot(max(b[2]-p[0], 0, p[0]-b[0]), max(b[3]-p[1], 0, p[1]-b[1]))
}

var boxDefs = slices.Concat([]Def{
	shaped("points_box", func(v [][]float64) (pgtype.Datum, error) {
		return pgtype.BoxValue(v[0][0], v[0][1], v[1][0], v[1][1]), nil
	}),
	holds("box_same", func(a, b []float64) bool { return samePoint(a, b) && samePoint(a[2:], b[2:]) }),
	holds("box_eq", func(a, b []float64) bool { return near(boxArea(a), boxArea(b)) }),
	holds("box_lt", func(a, b []float64) bool { return below(boxArea(a), boxArea(b)) }),
	holds("box_gt", func(a, b []float64) bool { return below(boxArea(b), boxArea(a)) }),
	holds("box_le", func(a, b []float64) bool { return notAbove(boxArea(a), boxArea(b)) }),
	holds("box_ge", func(a, b []float64) bool { return notAbove(boxArea(b), boxArea(a)) }),
	holds("box_overlap", boxesMeet),
	holds("box_contain", boxCovers),
	holds("box_contained", func(a, b []float64) bool { return boxCovers(b, a) }),
	holds("box_contain_pt", inBox),
	holds("on_pb", func(p, b []float64) bool { return inBox(b, p) }),
	holds("box_left", func(a, b []float64) bool { return below(a[0], b[2]) }),
	holds("box_right", func(a, b []float64) bool { return below(b[0], a[2]) }),
	holds("box_overleft", func(a, b []float64) bool { return notAbove(a[0], b[0]) }),
	holds("box_overright", func(a, b []float64) bool { return notAbove(b[2], a[2]) }),
	holds("box_below", func(a, b []float64) bool { return below(a[1], b[3]) }),
	holds("box_above", func(a, b []float64) bool { return below(b[1], a[3]) }),
	holds("box_below_eq", func(a, b []float64) bool { return notAbove(a[1], b[3]) }),
	holds("box_above_eq", func(a, b []float64) bool { return notAbove(b[1], a[3]) }),
	holds("box_overbelow", func(a, b []float64) bool { return notAbove(a[1], b[1]) }),
	holds("box_overabove", func(a, b []float64) bool { return notAbove(b[3], a[3]) }),
	measures("box_area", func(b, _ []float64) float64 { return boxArea(b) }),
	measures("box_width", func(b, _ []float64) float64 { return b[0] - b[2] }),
	measures("box_height", func(b, _ []float64) float64 { return b[1] - b[3] }),
	measures("box_distance", func(a, b []float64) float64 { return apart(boxCenter(a), boxCenter(b)) }),
	measures("dist_pb", toBox),
	measures("dist_bp", func(b, p []float64) float64 { return toBox(p, b) }),
	makes("box_center", func(b, _ []float64) []float64 { return boxCenter(b) }),
	makes("box_diagonal", func(b, _ []float64) []float64 { return b }),
	makes("box_circle", func(b, _ []float64) []float64 { c := boxCenter(b); return append(c, apart(c, b)) }),
	makes("box_poly", func(b, _ []float64) []float64 { return []float64{b[2], b[3], b[2], b[1], b[0], b[1], b[0], b[3]} }),
	makes("boxes_bound_box", func(a, b []float64) []float64 {
		return []float64{max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])}
	}),
	shaped("box_intersect", func(v [][]float64) (pgtype.Datum, error) {
		a, b := v[0], v[1]
		if !boxesMeet(a, b) {
			return pgtype.Null, nil
		}
		return pgtype.FloatsValue(min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])), nil
	}),
}, moves("box_", "", func(v []float64, f func([]float64) ([]float64, error), _ []float64, _ bool) (pgtype.Datum, error) {
	out, err := moved(v, 0, f)
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.BoxValue(out[0], out[1], out[2], out[3]), nil
}))

func circleArea(c []float64) float64 { return math.Pi * c[2] * c[2] }

var circleDefs = slices.Concat([]Def{
	makes("cr_circle", func(p, r []float64) []float64 { return []float64{p[0], p[1], r[0]} }),
	holds("circle_same", func(a, b []float64) bool {
		return (near(a[2], b[2]) || a[2] != a[2] && b[2] != b[2]) && samePoint(a, b)
	}),
	holds("circle_eq", func(a, b []float64) bool { return near(circleArea(a), circleArea(b)) }),
	holds("circle_ne", func(a, b []float64) bool { return !near(circleArea(a), circleArea(b)) }),
	holds("circle_lt", func(a, b []float64) bool { return below(circleArea(a), circleArea(b)) }),
	holds("circle_gt", func(a, b []float64) bool { return below(circleArea(b), circleArea(a)) }),
	holds("circle_le", func(a, b []float64) bool { return notAbove(circleArea(a), circleArea(b)) }),
	holds("circle_ge", func(a, b []float64) bool { return notAbove(circleArea(b), circleArea(a)) }),
	holds("circle_overlap", func(a, b []float64) bool { return notAbove(apart(a, b), a[2]+b[2]) }),
	holds("circle_contain", func(a, b []float64) bool { return notAbove(apart(a, b), a[2]-b[2]) }),
	holds("circle_contained", func(a, b []float64) bool { return notAbove(apart(a, b), b[2]-a[2]) }),
	holds("circle_contain_pt", func(c, p []float64) bool { return apart(c, p) <= c[2] }),
	holds("pt_contained_circle", func(p, c []float64) bool { return apart(c, p) <= c[2] }),
	holds("circle_left", func(a, b []float64) bool { return below(a[0]+a[2], b[0]-b[2]) }),
	holds("circle_right", func(a, b []float64) bool { return below(b[0]+b[2], a[0]-a[2]) }),
	holds("circle_overleft", func(a, b []float64) bool { return notAbove(a[0]+a[2], b[0]+b[2]) }),
	holds("circle_overright", func(a, b []float64) bool { return notAbove(b[0]-b[2], a[0]-a[2]) }),
	holds("circle_below", func(a, b []float64) bool { return below(a[1]+a[2], b[1]-b[2]) }),
	holds("circle_above", func(a, b []float64) bool { return below(b[1]+b[2], a[1]-a[2]) }),
	holds("circle_overbelow", func(a, b []float64) bool { return notAbove(a[1]+a[2], b[1]+b[2]) }),
	holds("circle_overabove", func(a, b []float64) bool { return notAbove(b[1]-b[2], a[1]-a[2]) }),
	measures("circle_area", func(c, _ []float64) float64 { return circleArea(c) }),
	measures("circle_diameter", func(c, _ []float64) float64 { return 2 * c[2] }),
	measures("circle_radius", func(c, _ []float64) float64 { return c[2] }),
	measures("circle_distance", func(a, b []float64) float64 { return max(apart(a, b)-(a[2]+b[2]), 0) }),
	measures("dist_pc", func(p, c []float64) float64 { return max(apart(p, c)-c[2], 0) }),
	measures("dist_cpoint", func(c, p []float64) float64 { return max(apart(p, c)-c[2], 0) }),
	makes("circle_center", func(c, _ []float64) []float64 { return c[:2] }),
	makes("circle_box", func(c, _ []float64) []float64 {
		d := c[2] / math.Sqrt2
		return []float64{c[0] + d, c[1] + d, c[0] - d, c[1] - d}
	}),
}, moves("circle_", "_pt", func(v []float64, f func([]float64) ([]float64, error), by []float64, scale bool) (pgtype.Datum, error) {
	center, err := f(v[:2])
	if err != nil {
		return pgtype.Null, err
	}
	r := v[2]
	if scale {
		// The stretch is that of a point at the circle's radius.
		origin, err := f([]float64{r, 0})
		if err != nil {
			return pgtype.Null, err
		}
		r = math.Hypot(origin[0], origin[1])
	}
	return pgtype.FloatsValue(center[0], center[1], r), nil
}))

func segmentLength(s []float64) float64 { return apart(s[:2], s[2:]) }

// toSegment is the distance of a point from a line segment.
func toSegment(p, s []float64) float64 {
	d := minus(s[2:], s[:2])
	length := d[0]*d[0] + d[1]*d[1]
	if length == 0 {
		return apart(p, s)
	}
	q := minus(p, s[:2])
	at := min(max((q[0]*d[0]+q[1]*d[1])/length, 0), 1)
	return apart(p, []float64{s[0] + at*d[0], s[1] + at*d[1]})
}

var segmentDefs = []Def{
	makes("lseg_construct", func(a, b []float64) []float64 { return []float64{a[0], a[1], b[0], b[1]} }),
	holds("lseg_eq", func(a, b []float64) bool { return samePoint(a, b) && samePoint(a[2:], b[2:]) }),
	holds("lseg_ne", func(a, b []float64) bool { return !samePoint(a, b) || !samePoint(a[2:], b[2:]) }),
	holds("lseg_lt", func(a, b []float64) bool { return below(segmentLength(a), segmentLength(b)) }),
	holds("lseg_gt", func(a, b []float64) bool { return below(segmentLength(b), segmentLength(a)) }),
	holds("lseg_le", func(a, b []float64) bool { return notAbove(segmentLength(a), segmentLength(b)) }),
	holds("lseg_ge", func(a, b []float64) bool { return notAbove(segmentLength(b), segmentLength(a)) }),
	holds("lseg_vertical", func(s, _ []float64) bool { return near(s[0], s[2]) }),
	holds("lseg_horizontal", func(s, _ []float64) bool { return near(s[1], s[3]) }),
	holds("lseg_parallel", func(a, b []float64) bool { return near(slope(a[:2], a[2:]), slope(b[:2], b[2:])) }),
	holds("on_ps", func(p, s []float64) bool { return near(apart(p, s[:2])+apart(p, s[2:]), segmentLength(s)) }),
	measures("lseg_length", func(s, _ []float64) float64 { return segmentLength(s) }),
	measures("dist_ps", toSegment),
	measures("dist_sp", func(s, p []float64) float64 { return toSegment(p, s) }),
	makes("lseg_center", func(s, _ []float64) []float64 { return boxCenter(s) }),
	shaped("line_construct_pp", func(v [][]float64) (pgtype.Datum, error) {
		if samePoint(v[0], v[1]) {
			return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "invalid line specification: must be two distinct points")
		}
		return pgtype.LineThrough(v[0][0], v[0][1], v[1][0], v[1][1]), nil
	}),
	holds("line_vertical", func(l, _ []float64) bool { return math.Abs(l[1]) <= pgtype.Epsilon }),
	holds("line_horizontal", func(l, _ []float64) bool { return math.Abs(l[0]) <= pgtype.Epsilon }),
}

// bounds is the box around a list of points.
func bounds(v []float64) []float64 {
	b := []float64{v[0], v[1], v[0], v[1]}
	for i := 2; i+1 < len(v); i += 2 {
		b[0], b[1], b[2], b[3] = max(b[0], v[i]), max(b[1], v[i+1]), min(b[2], v[i]), min(b[3], v[i+1])
	}
	return b
}

// inPolygon counts the edges to the right of a point; on an edge counts as inside.
func inPolygon(v, p []float64) bool {
	in := false
	for i, j := 0, len(v)-2; i+1 < len(v); i, j = i+2, i {
		if near(apart(p, v[i:i+2])+apart(p, v[j:j+2]), apart(v[i:i+2], v[j:j+2])) {
			return true
		}
		if (v[i+1] > p[1]) != (v[j+1] > p[1]) && p[0] < (v[j]-v[i])*(p[1]-v[i+1])/(v[j+1]-v[i+1])+v[i] {
			in = !in
		}
	}
	return in
}

func points(v []float64) pgtype.Datum { return pgtype.Int(int64(len(v) / 2)) }

func pathLength(v []float64) float64 {
	sum, p := 0.0, v[1:]
	for i := 2; i+1 < len(p); i += 2 {
		sum += apart(p[i-2:i], p[i:i+2])
	}
	if v[0] != 0 {
		sum += apart(p[len(p)-2:], p[:2])
	}
	return sum
}

var pathDefs = slices.Concat([]Def{
	shaped("path_npoints", func(v [][]float64) (pgtype.Datum, error) { return points(v[0]), nil }),
	shaped("poly_npoints", func(v [][]float64) (pgtype.Datum, error) { return points(v[0]), nil }),
	holds("path_isclosed", func(v, _ []float64) bool { return v[0] != 0 }),
	holds("path_isopen", func(v, _ []float64) bool { return v[0] == 0 }),
	makes("path_close", func(v, _ []float64) []float64 { return append([]float64{1}, v[1:]...) }),
	makes("path_open", func(v, _ []float64) []float64 { return append([]float64{0}, v[1:]...) }),
	measures("path_length", func(v, _ []float64) float64 { return pathLength(v) }),
	shaped("path_area", func(v [][]float64) (pgtype.Datum, error) {
		if v[0][0] == 0 {
			return pgtype.Null, nil
		}
		area, p := 0.0, v[0][1:]
		for i, n := 0, len(p); i < n; i += 2 {
			j := (i + 2) % n
			area += p[i]*p[j+1] - p[i+1]*p[j]
		}
		return pgtype.Float(math.Abs(area) / 2), nil
	}),
	holds("path_n_lt", func(a, b []float64) bool { return len(a) < len(b) }),
	holds("path_n_gt", func(a, b []float64) bool { return len(a) > len(b) }),
	holds("path_n_eq", func(a, b []float64) bool { return len(a) == len(b) }),
	holds("path_n_le", func(a, b []float64) bool { return len(a) <= len(b) }),
	holds("path_n_ge", func(a, b []float64) bool { return len(a) >= len(b) }),
	shaped("path_add", func(v [][]float64) (pgtype.Datum, error) {
		if v[0][0] != 0 || v[1][0] != 0 {
			return pgtype.Null, nil
		}
		return pgtype.FloatsValue(append(slices.Clone(v[0]), v[1][1:]...)...), nil
	}),
	shaped("path_poly", func(v [][]float64) (pgtype.Datum, error) {
		if v[0][0] == 0 {
			return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "open path cannot be converted to polygon")
		}
		return pgtype.FloatsValue(v[0][1:]...), nil
	}),
	makes("poly_path", func(v, _ []float64) []float64 { return append([]float64{1}, v...) }),
	makes("poly_box", func(v, _ []float64) []float64 { return bounds(v) }),
	makes("poly_center", func(v, _ []float64) []float64 {
		c := []float64{0, 0}
		for i := 0; i < len(v); i += 2 {
			c = plus(c, v[i:i+2])
		}
		n := float64(len(v) / 2)
		return []float64{c[0] / n, c[1] / n}
	}),
	holds("poly_contain_pt", inPolygon),
	holds("pt_contained_poly", func(p, v []float64) bool { return inPolygon(v, p) }),
	holds("poly_left", func(a, b []float64) bool { return bounds(a)[0] < bounds(b)[2] }),
	holds("poly_right", func(a, b []float64) bool { return bounds(a)[2] > bounds(b)[0] }),
	holds("poly_overleft", func(a, b []float64) bool { return bounds(a)[0] <= bounds(b)[0] }),
	holds("poly_overright", func(a, b []float64) bool { return bounds(a)[2] >= bounds(b)[2] }),
	holds("poly_below", func(a, b []float64) bool { return bounds(a)[1] < bounds(b)[3] }),
	holds("poly_above", func(a, b []float64) bool { return bounds(a)[3] > bounds(b)[1] }),
	holds("poly_overbelow", func(a, b []float64) bool { return bounds(a)[1] <= bounds(b)[1] }),
	holds("poly_overabove", func(a, b []float64) bool { return bounds(a)[3] >= bounds(b)[3] }),
	shaped("circle_poly", func(v [][]float64) (pgtype.Datum, error) {
		n, c := int(v[0][0]), v[1]
		if c[2] == 0 {
			return pgtype.Null, pgerr.New(pgerr.FeatureNotSupported, "cannot convert circle with radius zero to polygon")
		}
		if n < 2 {
			return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "must request at least 2 points")
		}
		if n > 1<<24 {
			return pgtype.Null, pgerr.New(pgerr.ProgramLimitExceeded, "too many points requested")
		}
		step := 2 * math.Pi / float64(n)
		out := make([]float64, 0, 2*n)
		for i := range n {
			angle := float64(i) * step
			out = append(out, c[0]-c[2]*cCos(angle), c[1]+c[2]*cSin(angle))
		}
		return pgtype.FloatsValue(out...), nil
	}),
}, moves("path_", "_pt", func(v []float64, f func([]float64) ([]float64, error), _ []float64, _ bool) (pgtype.Datum, error) {
	out, err := moved(v, 1, f)
	return pgtype.FloatsValue(out...), err
}))
