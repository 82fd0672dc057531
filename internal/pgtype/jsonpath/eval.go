package jsonpath

import (
	"errors"
	"math"
	"strconv"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// Options are what an evaluation needs besides the path and the value.
type Options struct {
	Vars *jsonb.Value // an object, or nil
	// Match compiles like_regex; PostgreSQL's regular expressions are not this package's.
	Match func(pattern, flags string) (func(string) (bool, error), error)
}

// evaluation is one run of a path over a value.
type evaluation struct {
	o       Options
	root    *jsonb.Value
	current *jsonb.Value
	size    int  // of the innermost array that is subscripted, -1 outside
	strict  bool // structural errors are errors; off behind ** and in lax mode
	lax     bool // arrays are unwrapped and values wrapped as needed
}

// emit takes a value; errStop ends the evaluation.
type emit func(*jsonb.Value) error

var errStop = errors.New("jsonpath: enough")

// hard marks an error that neither a predicate nor "silent" suppresses.
type hard struct{ error }

// Suppressible tells whether "silent" turns an error of Each into NULL.
func Suppressible(err error) bool {
	var h hard
	return !errors.As(err, &h)
}

// Cause is the error to raise.
func Cause(err error) error {
	var h hard
	if errors.As(err, &h) {
		return h.error
	}
	return err
}

// Each passes the values that a path leads to. When f returns false it is not called again.
func (p *Path) Each(v *jsonb.Value, o Options, f func(*jsonb.Value) bool) error {
	if o.Vars != nil && o.Vars.Kind != jsonb.Object {
		return hard{pgerr.New(pgerr.InvalidParameterValue, "\"vars\" argument is not an object").
			WithDetail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.")}
	}
	e := &evaluation{o: o, root: v, current: v, size: -1, strict: p.strict, lax: !p.strict}
	err := e.item(p.root, v, e.lax, func(x *jsonb.Value) error {
		if !f(x) {
			return errStop
		}
		return nil
	})
	if err == errStop {
		return nil
	}
	return err
}

// Strict tells a strict path, in which an error after the first value counts.
func (p *Path) Strict() bool { return p.strict }

func soft(code pgerr.Code, format string, args ...any) error {
	return pgerr.Newf(code, format, args...)
}

// next goes on behind a node with a value.
func (e *evaluation) next(n *node, v *jsonb.Value, out emit) error {
	if n.next == nil {
		return out(v)
	}
	return e.item(n.next, v, e.lax, out)
}

// each evaluates n on every element of an array, without looking into those that are arrays themselves.
func (e *evaluation) each(n *node, v *jsonb.Value, out emit) error {
	for i := range v.Items {
		if err := e.item(n, &v.Items[i], false, out); err != nil {
			return err
		}
	}
	return nil
}

// item evaluates a node on a value. unwrap says that an array stands for its elements where the node wants something else.
func (e *evaluation) item(n *node, v *jsonb.Value, unwrap bool, out emit) error {
	unwrap = unwrap && v.Kind == jsonb.Array
	switch n.kind {
	case kNull, kString, kNumber, kBool:
		return e.next(n, &n.value, out)
	case kRoot:
		return e.next(n, e.root, out)
	case kCurrent:
		return e.next(n, e.current, out)
	case kVariable:
		if e.o.Vars != nil {
			if x := e.o.Vars.Field(n.text); x != nil {
				return e.next(n, x, out)
			}
		}
		return hard{pgerr.Newf(pgerr.UndefinedObject, "could not find jsonpath variable \"%s\"", n.text)}
	case kLast:
		return e.next(n, number(numeric.FromInt64(int64(e.size-1))), out)
	case kKey, kAnyKey, kFilter:
		if unwrap {
			return e.each(n, v, out)
		}
		return e.member(n, v, out)
	case kAnyArray, kIndex:
		return e.elements(n, v, out)
	case kAny:
		return e.anywhere(n, v, out)
	case kMethod:
		return e.method(n, v, unwrap, out)
	case kArithmetic:
		return e.arithmetic(n, v, out)
	case kSign:
		return e.sign(n, v, out)
	}
	truth, err := e.predicate(n, v)
	if err != nil {
		return err
	}
	x := &jsonb.Value{}
	if truth != unknown {
		x = &jsonb.Value{Kind: jsonb.Bool, Bool: truth == yes}
	}
	return e.next(n, x, out)
}

func number(x numeric.Num) *jsonb.Value { return &jsonb.Value{Kind: jsonb.Number, Num: x} }

func (e *evaluation) member(n *node, v *jsonb.Value, out emit) error {
	switch n.kind {
	case kFilter:
		saved := e.current
		e.current = v
		truth, err := e.predicate(n.left, v)
		e.current = saved
		if err != nil || truth != yes {
			return err
		}
		return e.next(n, v, out)
	case kKey:
		if v.Kind == jsonb.Object {
			if x := v.Field(n.text); x != nil {
				return e.next(n, x, out)
			}
			if e.strict {
				return soft(pgerr.SQLJSONMemberNotFound, "JSON object does not contain key \"%s\"", n.text)
			}
			return nil
		}
		if e.strict {
			return soft(pgerr.SQLJSONMemberNotFound, "jsonpath member accessor can only be applied to an object")
		}
		return nil
	}
	if v.Kind == jsonb.Object {
		for i := range v.Items {
			if err := e.next(n, &v.Items[i], out); err != nil {
				return err
			}
		}
		return nil
	}
	if e.strict {
		return soft(pgerr.SQLJSONObjectNotFound, "jsonpath wildcard member accessor can only be applied to an object")
	}
	return nil
}

// elements is [*] and [subscripts]; in lax mode anything else counts as an array of itself.
func (e *evaluation) elements(n *node, v *jsonb.Value, out emit) error {
	items := v.Items
	if v.Kind != jsonb.Array {
		if e.strict {
			what := "array accessor"
			if n.kind == kAnyArray {
				what = "wildcard array accessor"
			}
			return soft(pgerr.SQLJSONArrayNotFound, "jsonpath %s can only be applied to an array", what)
		}
		if !e.lax {
			return nil
		}
		items = []jsonb.Value{*v}
	}
	if n.kind == kAnyArray {
		for i := range items {
			if err := e.next(n, &items[i], out); err != nil {
				return err
			}
		}
		return nil
	}
	saved := e.size
	e.size = len(items)
	defer func() { e.size = saved }()
	for _, s := range n.subs {
		from, err := e.subscript(s.from, v)
		if err != nil {
			return err
		}
		to := from
		if s.to != nil {
			if to, err = e.subscript(s.to, v); err != nil {
				return err
			}
		}
		if e.strict && (from < 0 || from > to || to >= len(items)) {
			return soft(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is out of bounds")
		}
		for i := max(from, 0); i <= min(to, len(items)-1); i++ {
			if err := e.next(n, &items[i], out); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *evaluation) subscript(n *node, v *jsonb.Value) (int, error) {
	found, err := e.values(n, v, false)
	if err != nil {
		return 0, err
	}
	if len(found) != 1 || found[0].Kind != jsonb.Number {
		return 0, soft(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is not a single numeric value")
	}
	i, err := numeric.Trunc(found[0].Num, 0).Int64()
	if err != nil || i < math.MinInt32 || i > math.MaxInt32 {
		return 0, soft(pgerr.InvalidSQLJSONSubscript, "jsonpath array subscript is out of integer range")
	}
	return int(i), nil
}

// anywhere is **: the value itself and what lies in it, at the levels that are wanted.
func (e *evaluation) anywhere(n *node, v *jsonb.Value, out emit) error {
	saved := e.strict
	defer func() { e.strict = saved }()
	var walk func(v *jsonb.Value, level uint32) error
	walk = func(v *jsonb.Value, level uint32) error {
		leaf := v.Kind != jsonb.Array && v.Kind != jsonb.Object
		if level >= n.first && level <= n.last || n.first == anyLevel && n.last == anyLevel && leaf {
			e.strict = false
			if err := e.next(n, v, out); err != nil {
				return err
			}
		}
		if level >= n.last {
			return nil
		}
		for i := range v.Items {
			if err := walk(&v.Items[i], level+1); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(v, 0)
}

// values collects what a node yields; with unwrap, in lax mode, arrays are taken apart.
func (e *evaluation) values(n *node, v *jsonb.Value, unwrap bool) ([]*jsonb.Value, error) {
	var found []*jsonb.Value
	err := e.item(n, v, e.lax, func(x *jsonb.Value) error {
		if unwrap && e.lax && x.Kind == jsonb.Array {
			for i := range x.Items {
				found = append(found, &x.Items[i])
			}
			return nil
		}
		found = append(found, x)
		return nil
	})
	return found, err
}

func (e *evaluation) arithmetic(n *node, v *jsonb.Value, out emit) error {
	var operands [2]numeric.Num
	for i, side := range []*node{n.left, n.right} {
		found, err := e.values(side, v, true)
		if err != nil {
			return err
		}
		if len(found) != 1 || found[0].Kind != jsonb.Number {
			return soft(pgerr.SingletonSQLJSONItemRequired, "%s operand of jsonpath operator %s is not a single numeric value",
				[]string{"left", "right"}[i], n.text)
		}
		operands[i] = found[0].Num
	}
	op := map[string]func(x, y numeric.Num) (numeric.Num, error){
		"+": numeric.Add, "-": numeric.Sub, "*": numeric.Mul, "/": numeric.Div, "%": numeric.Mod,
	}[n.text]
	x, err := op(operands[0], operands[1])
	if err != nil {
		return err
	}
	return e.next(n, number(x), out)
}

func (e *evaluation) sign(n *node, v *jsonb.Value, out emit) error {
	found, err := e.values(n.left, v, true)
	if err != nil {
		return err
	}
	for _, x := range found {
		if x.Kind != jsonb.Number {
			return soft(pgerr.SQLJSONNumberNotFound, "operand of unary jsonpath operator %s is not a numeric value", n.text)
		}
		num := x.Num
		if n.text == "-" {
			num = numeric.Neg(num)
		}
		if err := e.next(n, number(num), out); err != nil {
			return err
		}
	}
	return nil
}

// method applies an item method.
func (e *evaluation) method(n *node, v *jsonb.Value, unwrap bool, out emit) error {
	switch n.text {
	case "type":
		return e.next(n, &jsonb.Value{Kind: jsonb.String, Str: v.Kind.String()}, out)
	case "size":
		size := 1
		if v.Kind == jsonb.Array {
			size = len(v.Items)
		} else if !e.lax {
			if e.strict {
				return soft(pgerr.SQLJSONArrayNotFound, "jsonpath item method .size() can only be applied to an array")
			}
			return nil
		}
		return e.next(n, number(numeric.FromInt64(int64(size))), out)
	}
	if unwrap {
		return e.each(n, v, out)
	}
	switch n.text {
	case "abs", "floor", "ceiling":
		if v.Kind != jsonb.Number {
			return soft(pgerr.NonNumericSQLJSONItem, "jsonpath item method .%s() can only be applied to a numeric value", n.text)
		}
		f := map[string]func(numeric.Num) numeric.Num{"abs": numeric.Abs, "floor": numeric.Floor, "ceiling": numeric.Ceil}[n.text]
		return e.next(n, number(f(v.Num)), out)
	case "double":
		x, err := double(v)
		if err != nil {
			return err
		}
		return e.next(n, x, out)
	case "keyvalue":
		return e.keyValues(n, v, out)
	}
	return hard{pgerr.Unsupported("jsonpath item method ." + n.text + "()")}
}

func double(v *jsonb.Value) (*jsonb.Value, error) {
	var text string
	switch v.Kind {
	case jsonb.Number:
		text = v.Num.String()
	case jsonb.String:
		text = v.Str
	default:
		return nil, soft(pgerr.NonNumericSQLJSONItem, "jsonpath item method .double() can only be applied to a string or numeric value")
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil && v.Kind == jsonb.Number:
		return nil, soft(pgerr.NonNumericSQLJSONItem, "numeric argument of jsonpath item method .double() is out of range for type double precision")
	case err != nil:
		return nil, soft(pgerr.NonNumericSQLJSONItem, "string argument of jsonpath item method .double() is not a valid representation of a double precision number")
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, soft(pgerr.NonNumericSQLJSONItem, "NaN or Infinity is not allowed for jsonpath item method .double()")
	}
	x, err := numeric.Parse(strconv.FormatFloat(f, 'g', 15, 64))
	return number(x), err
}

// keyValues gives the pairs of an object. Their id tells objects apart by where PostgreSQL stores them, which is known here for the outermost only.
func (e *evaluation) keyValues(n *node, v *jsonb.Value, out emit) error {
	if v.Kind != jsonb.Object {
		return soft(pgerr.SQLJSONObjectNotFound, "jsonpath item method .keyvalue() can only be applied to an object")
	}
	if v != e.root {
		return hard{pgerr.Unsupported("jsonpath item method .keyvalue() of an object inside the value")}
	}
	for i, key := range v.Keys {
		pair := jsonb.NewObject([]string{"id", "key", "value"},
			[]jsonb.Value{*number(numeric.FromInt64(0)), {Kind: jsonb.String, Str: key}, v.Items[i]})
		if err := e.next(n, &pair, out); err != nil {
			return err
		}
	}
	return nil
}
