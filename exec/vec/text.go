package vec

import (
	"slices"
	"strings"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// like makes the kernel of LIKE and NOT LIKE with a constant pattern of literal text and percent signs; nil for other patterns.
func (c *compiler) like(e *expr.Call, want bool) (condition, error) {
	switch e.Proc.Src {
	case "textlike":
	case "textnlike":
		want = !want
	default:
		return nil, nil
	}
	k, ok := e.Args[1].(*expr.Const)
	if !ok || k.Value.IsNull() || strings.ContainsAny(k.Value.Text(), `\_`) || e.Args[0].Type().Rep != pgtype.RepBytes {
		return nil, nil
	}
	arg, err := c.compile(e.Args[0])
	segments := strings.Split(k.Value.Text(), "%")
	return &likeKernel{arg: arg, want: want, segments: segments}, err
}

// likeKernel matches text against segments: the first is at its start, the last at its end, the others between in order.
type likeKernel struct {
	arg      evaluator
	want     bool
	segments []string
	out, buf []int32
}

func (k *likeKernel) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	v, err := k.arg.eval(b, sel)
	if err != nil {
		return nil, err
	}
	rows := valid(v, selected(b, sel), k.buf)
	if v.Valid != nil {
		k.buf = rows
	}
	k.out = k.out[:0]
	for _, i := range rows {
		if k.matches(v.Str(int(i))) == k.want {
			k.out = append(k.out, i)
		}
	}
	return k.out, nil
}

func (k *likeKernel) matches(s string) bool {
	last := len(k.segments) - 1
	if last == 0 {
		return s == k.segments[0]
	}
	if !strings.HasPrefix(s, k.segments[0]) {
		return false
	}
	s = s[len(k.segments[0]):]
	for _, segment := range k.segments[1:last] {
		at := strings.Index(s, segment)
		if at < 0 {
			return false
		}
		s = s[at+len(segment):]
	}
	return strings.HasSuffix(s, k.segments[last])
}

// inList makes the kernel of IN and NOT IN over constants, nil when there is none.
func (c *compiler) inList(e *expr.ArrayOp, want bool) (condition, error) {
	list, ok := e.Array.(*expr.Const)
	if !ok || list.Value.IsNull() || e.Operator == nil {
		return nil, nil
	}
	switch {
	case e.Operator.Name == "=" && !e.All:
	case e.Operator.Name == "<>" && e.All:
		want = !want
	default:
		return nil, nil
	}
	array := list.Value.Array()
	cl := classOf(e.Left.Type())
	if cl != classOf(array.Elem) {
		return nil, nil
	}
	k := &inKernel{want: want, trim: cl == bpchars}
	for _, d := range array.Elems {
		switch {
		case d.IsNull():
			return nil, nil
		case cl == texts || cl == bpchars:
			s := d.Text()
			if k.trim {
				s = strings.TrimRight(s, " ")
			}
			k.texts = append(k.texts, s)
		case cl >= integers && cl <= booleans:
			k.words = append(k.words, d.Int())
		default:
			return nil, nil
		}
	}
	slices.Sort(k.words)
	var err error
	k.arg, err = c.compile(e.Left)
	return k, err
}

// inKernel looks values up in a short list.
type inKernel struct {
	arg      evaluator
	want     bool
	trim     bool
	words    []int64 // in order
	texts    []string
	out, buf []int32
}

func (k *inKernel) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	v, err := k.arg.eval(b, sel)
	if err != nil {
		return nil, err
	}
	rows := valid(v, selected(b, sel), k.buf)
	if v.Valid != nil {
		k.buf = rows
	}
	k.out = k.out[:0]
	for _, i := range rows {
		found := false
		if k.texts == nil {
			if len(k.words) <= 8 {
				for _, w := range k.words {
					found = found || v.I[i] == w
				}
			} else {
				_, found = slices.BinarySearch(k.words, v.I[i])
			}
		} else {
			s := v.Str(int(i))
			if k.trim {
				s = strings.TrimRight(s, " ")
			}
			for _, t := range k.texts {
				if s == t {
					found = true
					break
				}
			}
		}
		if found == k.want {
			k.out = append(k.out, i)
		}
	}
	return k.out, nil
}
