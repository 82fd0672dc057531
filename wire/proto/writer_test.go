package proto

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func TestTooLargeRowLeavesTheStreamIntact(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	if err := w.CommandComplete("BEFORE"); err != nil {
		t.Fatal(err)
	}
	// The value is refused by its length: its pages are never touched, so this costs no memory.
	columns := []result.Column{{Name: "a", Type: pgtype.Int4Type}, {Name: "b", Type: pgtype.ByteaType, Format: result.BinaryFormat}}
	err := w.DataRow(pgtype.Default(), columns, []pgtype.Datum{pgtype.Int(1), pgtype.Bytes(make([]byte, MaxLarge))})
	if !pgerr.Is(err, pgerr.ProgramLimitExceeded) {
		t.Fatalf("got %v", err)
	}
	if err := w.ReadyForQuery('I'); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "C\x00\x00\x00\x0bBEFORE\x00Z\x00\x00\x00\x05I"; got != want {
		t.Errorf("got %q", got[:min(len(got), 100)])
	}
	w.Idle()
	if cap(w.buf) > smallBuffer {
		t.Errorf("%d bytes are held while idle", cap(w.buf))
	}
}

func TestAbortDropsOnlyTheOpenMessage(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	_ = w.ParseComplete()
	w.begin('D')
	w.string("half a row")
	w.Abort()
	_ = w.BindComplete()
	_ = w.Flush()
	if got := out.String(); got != "1\x00\x00\x00\x042\x00\x00\x00\x04" {
		t.Errorf("got %q", got)
	}
}

func TestWritesAreFew(t *testing.T) {
	var writes countingWriter
	w := NewWriter(&writes)
	row := []pgtype.Datum{pgtype.Int(1)}
	columns := []result.Column{{Name: "n", Type: pgtype.Int4Type}}
	c := pgtype.Default()
	for range 10_000 {
		if err := w.DataRow(c, columns, row); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Flush()
	if bytes := 10_000 * 12; writes.bytes != bytes || writes.calls > bytes/flushAt+1 {
		t.Errorf("%d bytes in %d writes", writes.bytes, writes.calls)
	}
}

type countingWriter struct{ calls, bytes int }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.calls++
	c.bytes += len(p)
	return len(p), nil
}

func TestDataRow(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out)
	columns := []result.Column{{Type: pgtype.Int4Type}, {Type: pgtype.Int4Type, Format: result.BinaryFormat}, {Type: pgtype.TextType}, {Type: pgtype.TextType}}
	err := w.DataRow(pgtype.Default(), columns, []pgtype.Datum{pgtype.Int(-5), pgtype.Int(258), pgtype.Null, pgtype.Text("")})
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Flush()
	want := "D\x00\x00\x00\x1c\x00\x04\x00\x00\x00\x02-5\x00\x00\x00\x04\x00\x00\x01\x02\xff\xff\xff\xff\x00\x00\x00\x00"
	if got := out.String(); got != want || int(binary.BigEndian.Uint32([]byte(got)[1:])) != len(got)-1 {
		t.Errorf("got %q", got)
	}
}
