package pgtype

import "testing"

// BenchmarkAppendText prints one value of each of the commonest types.
func BenchmarkAppendText(b *testing.B) {
	ctx := Default()
	buf := make([]byte, 0, 256)
	for _, c := range []struct {
		t *Type
		s string
	}{{Int4Type, "123456"}, {Float8Type, "1234.5678"}, {NumericType, "-12345.67"}, {TextType, "hello"}, {TimestamptzType, "2003-04-05 06:07:08.123+00"}, {DateType, "2003-04-05"},
		{IntervalType, "1 mon 2 days 03:04:05"}, {UuidType, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}, {JsonbType, `{"a": [1, 2]}`}, {Int4ArrayType, "{1,2,3}"}} {
		d, err := c.t.Codec.ParseText(ctx, c.s, -1)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("out/"+c.t.Name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				c.t.Codec.AppendText(ctx, buf, d)
			}
		})
		b.Run("in/"+c.t.Name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				c.t.Codec.ParseText(ctx, c.s, -1)
			}
		})
	}
}
