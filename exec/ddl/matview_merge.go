package ddl

import (
	"encoding/binary"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// matViewMerge makes the rows of a materialized view those of its query by deleting and inserting what differs, so that readers are not held up.
type matViewMerge struct {
	w      *work
	rel    *desc.Relation
	types  []*pgtype.Type
	buffer []byte // of key
	wanted map[string][][]pgtype.Datum
	order  []string // the keys of wanted as the query gave them
}

// storedRow is a row that is there already.
type storedRow struct {
	locator pgtype.Datum
	values  []pgtype.Datum
}

func (w *work) mergeMatView(rel *desc.Relation, bound *plan.Statement) error {
	if err := w.freshRows(); err != nil {
		return err
	}
	table, err := w.Table(rel)
	if err != nil {
		return err
	}
	m := &matViewMerge{w: w, rel: rel, wanted: map[string][][]pgtype.Datum{}}
	for i := range rel.Columns {
		m.types = append(m.types, w.Catalog.Type(rel.Columns[i].Type))
	}
	if err := w.each(bound, m.want); err != nil {
		return err
	}
	gone, err := m.compare(table)
	if err != nil {
		return err
	}
	for _, x := range gone {
		if err := table.Delete(w.Ctx, w.Access, x.locator, x.values); err != nil {
			return err
		}
	}
	for _, k := range m.order {
		for _, row := range m.wanted[k] {
			if err := table.Insert(w.Ctx, w.Access, row); err != nil {
				return err
			}
		}
	}
	return nil
}

// key is the same for rows that look the same: the texts of the values, each after its length.
func (m *matViewMerge) key(row []pgtype.Datum) string {
	text := pgtype.Default()
	b := m.buffer[:0]
	for i, t := range m.types {
		if row[i].IsNull() {
			b = append(b, 0)
			continue
		}
		at := len(b)
		b = append(b, 1, 0, 0, 0, 0)
		b = t.Codec.AppendText(text, b, row[i])
		binary.LittleEndian.PutUint32(b[at+1:], uint32(len(b)-at-5))
	}
	m.buffer = b
	return string(b)
}

// want takes note of a row of the query. One that comes twice can be told apart by no unique index, unless by a null.
func (m *matViewMerge) want(row []pgtype.Datum) error {
	k := m.key(row)
	same := m.wanted[k]
	if same == nil {
		m.order = append(m.order, k)
	} else if !slices.ContainsFunc(row, pgtype.Datum.IsNull) {
		record := pgtype.RecordValue(&pgtype.Record{Type: pgtype.RecordType, Types: m.types, Names: make([]string, len(m.types)), Fields: row})
		return pgerr.Newf(pgerr.CardinalityViolation, "new data for materialized view \"%s\" contains duplicate rows without any null columns", m.rel.Name).
			WithDetail("Row: %s", pgtype.RecordType.Codec.AppendText(m.w.RT.Text, nil, record))
	}
	own := make([]pgtype.Datum, len(row))
	for i, d := range row {
		own[i] = d.Clone(m.types[i])
	}
	m.wanted[k] = append(same, own)
	return nil
}

// compare goes through the rows that are there: it takes those that stay off the wanted ones and gives the others.
func (m *matViewMerge) compare(table *userdata.Table) (gone []storedRow, err error) {
	nums := make([]int16, 0, len(m.types)+1)
	for i := range m.rel.Columns {
		nums = append(nums, m.rel.Columns[i].Num)
	}
	nums = append(nums, plan.Locator)
	rows, err := table.Scanner(nums).Scan(m.w.Ctx, m.w.Access, userdata.ScanRequest{Nums: nums})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for {
		row, err := rows.Next(m.w.Ctx)
		if err != nil || row == nil {
			return gone, err
		}
		k := m.key(row)
		if same := m.wanted[k]; len(same) > 0 {
			m.wanted[k] = same[1:]
			continue
		}
		x := storedRow{locator: row[len(m.types)].Clone(pgtype.ByOID(pgtype.OIDBytea))}
		for i, t := range m.types {
			x.values = append(x.values, row[i].Clone(t))
		}
		gone = append(gone, x)
	}
}
