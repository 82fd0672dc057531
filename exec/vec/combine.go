package vec

import (
	"github.com/kalampg/kalampg/internal/column"
)

// Limit skips and counts rows. It reads one stream, in order, and no further than it must.
type Limit struct {
	Input  Operator
	Bounds func() (count, offset int64, err error) // count < 0: none
}

// Streams starts the input.
func (l *Limit) Streams(q *Query, _ int) ([]Stream, error) {
	count, offset, err := l.Bounds()
	if err != nil {
		return nil, err
	}
	in, err := l.Input.Streams(q, 1)
	if err != nil {
		return nil, err
	}
	return []Stream{&limitStream{in: in[0], left: count, skip: offset}}, nil
}

// Close closes the input.
func (l *Limit) Close() { l.Input.Close() }

type limitStream struct {
	in         Stream
	left, skip int64
	batch      column.Batch
}

func (l *limitStream) Next() (*column.Batch, error) {
	for l.left != 0 {
		b, err := l.in.Next()
		if err != nil || b == nil {
			return nil, err
		}
		rows := selected(b, b.Sel)
		if n := min(l.skip, int64(len(rows))); n > 0 {
			rows = rows[n:]
			l.skip -= n
		}
		if l.left >= 0 && int64(len(rows)) > l.left {
			rows = rows[:l.left]
		}
		if len(rows) == 0 {
			continue
		}
		if l.left > 0 {
			l.left -= int64(len(rows))
		}
		l.batch = *b
		l.batch.Sel = rows
		return &l.batch, nil
	}
	return nil, nil
}

func (l *limitStream) Close() { l.in.Close() }

// Concat gives the rows of one input, then those of the other (UNION ALL).
type Concat struct{ Left, Right Operator }

// Streams starts both.
func (c *Concat) Streams(q *Query, n int) ([]Stream, error) {
	left, err := c.Left.Streams(q, n)
	if err != nil {
		return nil, err
	}
	right, err := c.Right.Streams(q, n)
	if err != nil {
		closeAll(left)
		return nil, err
	}
	out := make([]Stream, max(len(left), len(right)))
	for i := range out {
		s := &concatStream{}
		if i < len(left) {
			s.inputs = append(s.inputs, left[i])
		}
		s.second = len(s.inputs)
		if i < len(right) {
			s.inputs = append(s.inputs, right[i])
		}
		out[i] = s
	}
	return out, nil
}

// Close closes both.
func (c *Concat) Close() {
	c.Left.Close()
	c.Right.Close()
}

type concatStream struct {
	inputs []Stream
	at     int
	second int // where those of the right side begin
	batch  column.Batch
}

// laterSeq puts the parts of the right side behind those of the left.
const laterSeq = 1 << 40

func (c *concatStream) Next() (*column.Batch, error) {
	for c.at < len(c.inputs) {
		b, err := c.inputs[c.at].Next()
		if err != nil {
			return nil, err
		}
		if b == nil {
			c.at++
			continue
		}
		c.batch = *b
		if c.at >= c.second {
			c.batch.Seq += laterSeq
		}
		return &c.batch, nil
	}
	return nil, nil
}

func (c *concatStream) Close() { closeAll(c.inputs) }
