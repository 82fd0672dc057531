package run

import (
	"errors"
	"fmt"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// modify is what INSERT, UPDATE and DELETE share: the target, its rules, RETURNING and the count of rows.
type modify struct {
	exec      *Exec
	target    *desc.Relation
	table     *userdata.Table
	rel       *desc.Relation // that table was opened for
	version   uint64         // of the catalog in which it was looked for
	rules     *rules
	bound     *plan.TableRules
	options   []namedEval // WITH CHECK OPTION
	watch     *watch      // nil where rows may change without further ado
	source    Operator
	buffered  bool // the source is read to its end before the first write
	returning []expr.Eval
	frame     expr.Frame
	out       []pgtype.Datum
	count     int64

	rows [][]pgtype.Datum // of a buffered source
	read bool
	at   int
}

func (m *modify) modifies() *modify { return m }

// errors that name a table's constraint get its schema here, where the catalog is known.
func (m *modify) located(err error) error {
	if e, ok := pgerr.As(err); ok && e.Table != "" && e.Schema == "" {
		if s := m.exec.Catalog.Schema(m.target.Schema); s != nil {
			e.Schema = s.Name
		}
	}
	return err
}

func (m *modify) open(outer *expr.Frame) error {
	if version := m.exec.Catalog.Version(); m.table == nil || m.version != version {
		if err := m.openTable(); err != nil {
			return err
		}
		m.version = version
	}
	if m.bound != nil && len(m.bound.Refers)+len(m.bound.Referred) > 0 {
		var err error
		if m.watch, err = m.exec.watchOf(m.table, m.bound); err != nil {
			return err
		}
	}
	if m.bound != nil && m.bound.Loose && m.exec.Queue != nil {
		m.exec.Access.Recheck = m.exec.recheck
	}
	m.frame = frameOf(outer, m.exec)
	m.rows, m.read, m.at = nil, false, 0
	return m.source.Open(outer)
}

// insertRow adds a row.
func (m *modify) insertRow(values []pgtype.Datum) error {
	if err := m.table.Insert(m.exec.Ctx(), m.exec.Access, values); err != nil {
		return err
	}
	if m.options != nil {
		if err := m.checkOptions(values); err != nil {
			return err
		}
	}
	if m.watch == nil {
		return nil
	}
	return m.watch.inserted(values)
}

// updateRow replaces a row that is locked.
func (m *modify) updateRow(locator pgtype.Datum, old, values []pgtype.Datum) error {
	if err := m.table.Update(m.exec.Ctx(), m.exec.Access, locator, old, values); err != nil {
		return err
	}
	if m.options != nil {
		if err := m.checkOptions(values); err != nil {
			return err
		}
	}
	if m.watch == nil {
		return nil
	}
	return m.watch.updated(locator, old, values)
}

// deleteRow removes a row that is locked.
func (m *modify) deleteRow(locator pgtype.Datum, old []pgtype.Datum) error {
	if err := m.table.Delete(m.exec.Ctx(), m.exec.Access, locator, old); err != nil || m.watch == nil {
		return err
	}
	return m.watch.deleted(locator, old)
}

// openTable makes the target ready, at the first run or after the catalog has changed.
func (m *modify) openTable() error {
	rel := m.target
	if now := m.exec.Catalog.Relation(rel.OID); now != nil {
		rel = now
	}
	if m.table != nil && m.rel == rel {
		return nil
	}
	t, err := m.exec.Table(rel)
	if err != nil {
		return err
	}
	m.table, m.rel = t, rel
	return nil
}

// next gives the next source row. A source that may look at the target while it is written is read to its end first: a statement does
// not see its own writes.
func (m *modify) next() ([]pgtype.Datum, error) {
	if !m.buffered {
		return m.source.Next()
	}
	if !m.read {
		var arena pgtype.Arena
		for {
			row, err := m.source.Next()
			if err != nil {
				return nil, err
			}
			if row == nil {
				break
			}
			m.rows = append(m.rows, copyRow(&arena, row))
		}
		m.read = true
	}
	if m.at == len(m.rows) {
		return nil, nil
	}
	m.at++
	return m.rows[m.at-1], nil
}

func (m *modify) project(row []pgtype.Datum) ([]pgtype.Datum, error) {
	m.frame.Row = row
	for i, e := range m.returning {
		var err error
		if m.out[i], err = e(&m.frame); err != nil {
			return nil, err
		}
	}
	return m.out, nil
}

func (m *modify) Close() { m.source.Close(); m.rows = nil }

// streams tells whether a source can be read while its target is written: it reads one table at most, in one scan, and no sub-select.
func streams(node plan.Node, lists ...[]expr.Expr) bool {
	for _, list := range lists {
		for _, e := range list {
			if hasSubquery(e) {
				return false
			}
		}
	}
	for {
		switch n := node.(type) {
		case *plan.Project:
			for _, e := range n.Exprs {
				if hasSubquery(e) {
					return false
				}
			}
			node = n.Input
		case *plan.Filter:
			if hasSubquery(n.Cond) {
				return false
			}
			node = n.Input
		case *plan.Values:
			for _, r := range n.Rows {
				for _, e := range r {
					if hasSubquery(e) {
						return false
					}
				}
			}
			return true
		case *plan.Referring:
			return true
		case *plan.Scan:
			return n.Filter == nil || !hasSubquery(n.Filter)
		case *plan.OneRow, *plan.SystemScan:
			return true
		case *plan.FuncScan:
			for _, f := range n.Funcs {
				if hasSubquery(f.Expr) {
					return false
				}
			}
			return true
		default:
			return false
		}
	}
}

func hasSubquery(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		if _, ok := x.(*expr.Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

func assignExprs(list []plan.Assign) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, a := range list {
		out[i] = a.Expr
	}
	return out
}

// insertOp is INSERT, with ON CONFLICT.
type insertOp struct {
	modify
	n        *plan.Insert
	values   []pgtype.Datum // the new row, by attribute number
	set      []assign       // of DO UPDATE, over existing row and excluded row
	where    expr.Eval
	existing []pgtype.Datum
	pair     []pgtype.Datum
	load     *userdata.Load      // takes the rows of a source that may have many
	many     bool                // it may
	touched  map[string]struct{} // rows that this command inserted or updated, for DO UPDATE
}

func (b *builder) insert(n *plan.Insert, outer *expr.Scope) (Operator, error) {
	source, err := b.build(n.Source, outer)
	if err != nil {
		return nil, err
	}
	width := len(n.Table.Columns)
	i := &insertOp{n: n, modify: modify{exec: b.exec, target: n.Table, bound: n.Rules, source: source, buffered: !streams(n.Source, n.Returning), out: make([]pgtype.Datum, len(n.Returning))}}
	i.values = make([]pgtype.Datum, width)
	i.many = n.Conflict == nil && len(n.Returning) == 0 && yieldsMany(n.Source)
	if i.rules, err = b.rules(n.Table, n.Rules); err != nil {
		return nil, err
	}
	if i.options, err = b.options(n.Options, n.Rel, n.Table, outer); err != nil {
		return nil, err
	}
	columns := append(rowColumns(n.Rel, n.Table), systemColumns(n.Rel)...)
	if i.returning, err = b.compiler(columns, outer).CompileAll(n.Returning); err != nil {
		return nil, err
	}
	if c := n.Conflict; c != nil {
		i.existing = make([]pgtype.Datum, width)
		i.pair = make([]pgtype.Datum, 2*width)
		over := b.rowCompiler(append(rowColumns(c.Rel, n.Table), rowColumns(c.Excluded, n.Table)...), outer, n.Table, c.Rel, c.Excluded)
		if i.set, err = compileAssigns(over, c.Set); err != nil {
			return nil, err
		}
		if c.Where != nil {
			if i.where, err = over.Compile(c.Where); err != nil {
				return nil, err
			}
		}
	}
	return i, nil
}

// systemColumns are the ids of the system columns that RETURNING can show besides the table's own.
func systemColumns(rel int32) []expr.ColID {
	return []expr.ColID{{Rel: rel, Num: plan.TableOID}, {Rel: rel, Num: plan.Ctid}, {Rel: rel, Num: plan.Xmin}, {Rel: rel, Num: plan.Xmax},
		{Rel: rel, Num: plan.Cmin}, {Rel: rel, Num: plan.Cmax}, {Rel: rel, Num: plan.Seq}, {Rel: rel, Num: plan.Updated}, {Rel: rel, Num: plan.Deleted}, {Rel: rel, Num: plan.UserCol}}
}

// withSystem appends the values of systemColumns to a row that this transaction has just written.
func (m *modify) withSystem(row []pgtype.Datum) []pgtype.Datum {
	next := int64(m.exec.Access.Txn.Snapshot()) + 1
	user := pgtype.Null
	if m.table.Scoped() {
		user = pgtype.Text(m.exec.Access.Scope)
	}
	return append(row[:len(row):len(row)], pgtype.OIDValue(m.target.OID), pgtype.Int(0), pgtype.Int(int64(uint32(next))), pgtype.Int(0),
		pgtype.Int(0), pgtype.Int(0), pgtype.Int(next), pgtype.Int(m.exec.Access.Now), pgtype.Bool(false), user)
}

func (i *insertOp) Open(outer *expr.Frame) error {
	i.touched = nil
	if err := i.open(outer); err != nil {
		return err
	}
	if i.many && i.options == nil && i.exec.Load != nil && i.exec.depth == 0 {
		i.load = i.exec.Load(i.rel)
	}
	return nil
}

// end makes sure that everything is written when the source has ended.
func (i *insertOp) end() error {
	if i.load == nil {
		return nil
	}
	a := i.exec.Access
	err := i.load.Finish(i.exec.Ctx(), a)
	i.drop()
	return err
}

// drop gives up what the load has not written.
func (i *insertOp) drop() {
	if i.load != nil {
		i.load.Cancel()
		i.load, i.exec.Access.Load = nil, nil
	}
}

func (i *insertOp) Close() {
	i.drop()
	i.modify.Close()
}

func (i *insertOp) Next() ([]pgtype.Datum, error) {
	for {
		row, err := i.next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			return nil, i.located(i.end())
		}
		clear(i.values)
		for k, num := range i.n.Nums {
			i.values[num-1] = row[k]
		}
		if err := i.rules.apply(i.values); err != nil {
			return nil, err
		}
		written, err := i.write()
		if err != nil {
			return nil, i.located(err)
		}
		if written == nil {
			continue
		}
		i.count++
		if i.count&1023 == 0 {
			if err := i.exec.check(); err != nil {
				return nil, err
			}
		}
		if len(i.returning) > 0 {
			return i.project(i.withSystem(written))
		}
	}
}

// write inserts values, or does what ON CONFLICT says; it gives the row that is in the table now, nil when there is none to show.
func (i *insertOp) write() ([]pgtype.Datum, error) {
	ctx, a := i.exec.Ctx(), i.exec.Access
	c := i.n.Conflict
	if c == nil {
		if i.load != nil {
			i.exec.Access.Load = i.load
		}
		err := i.insertRow(i.values)
		if i.load != nil {
			i.exec.Access.Load = nil
		}
		return i.values, err
	}
	locator, err := i.table.Conflict(ctx, a, i.values, c.Indexes, i.existing)
	if err != nil {
		return nil, err
	}
	if locator.IsNull() {
		if err := i.insertRow(i.values); err != nil {
			return nil, err
		}
		if c.Update {
			return i.values, i.touch(i.values)
		}
		return i.values, nil
	}
	if !c.Update {
		return nil, nil
	}
	return i.updateExisting(locator)
}

// touch notes that this command wrote a row; a second time is an error, as the outcome would depend on the order of rows.
func (i *insertOp) touch(values []pgtype.Datum) error {
	return i.touchKey(string(i.table.AppendRowIdentity(nil, i.exec.Access, values)))
}

func (i *insertOp) touchKey(key string) error {
	if i.touched == nil {
		i.touched = make(map[string]struct{})
	}
	if _, twice := i.touched[key]; twice && key != "" {
		return pgerr.New(pgerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
			WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
	}
	i.touched[key] = struct{}{}
	return nil
}

func (i *insertOp) updateExisting(locator pgtype.Datum) ([]pgtype.Datum, error) {
	if version, key := userdata.SplitLocator(locator); version == kv.Pending {
		if _, twice := i.touched[string(key)]; twice {
			return nil, i.touchKey(string(key))
		}
	}
	width := len(i.existing)
	copy(i.pair, i.existing)
	copy(i.pair[width:], i.values)
	frame := expr.Frame{RT: i.exec.RT, Row: i.pair, Outer: i.frame.Outer}
	if i.where != nil {
		v, err := i.where(&frame)
		if err != nil {
			return nil, err
		}
		if v.IsNull() || !v.Bool() {
			return nil, nil
		}
	}
	next := append([]pgtype.Datum(nil), i.existing...)
	for _, s := range i.set {
		v, err := s.eval(&frame)
		if err != nil {
			return nil, err
		}
		next[s.num-1] = v
	}
	if err := i.rules.apply(next); err != nil {
		return nil, err
	}
	if err := i.updateRow(locator, i.existing, next); err != nil {
		return nil, err
	}
	_, key := userdata.SplitLocator(locator)
	return next, i.touchKey(string(key))
}

// changeOp is what UPDATE and DELETE share: finding the target's columns in the source's rows, locking, looking again.
type changeOp struct {
	modify
	position []int // by attribute number - 1: where the source's row has the column, -1: dropped
	locator  int
	recheck  expr.Eval
	still    func(row []pgtype.Datum) (bool, error) // in the action of a foreign key: the recheck
	strength kv.LockMode                            // FOR NO KEY UPDATE where no key column changes, so that FOR KEY SHARE readers go on
	old      []pgtype.Datum
	newest   []pgtype.Datum
	row      []pgtype.Datum // the source row with the target's columns as they are now
}

func (b *builder) change(source plan.Node, rel int32, table *desc.Relation, recheck expr.Expr, outer *expr.Scope) (*changeOp, error) {
	op, err := b.build(source, outer)
	if err != nil {
		return nil, err
	}
	columns := source.Columns()
	c := &changeOp{modify: modify{exec: b.exec, target: table, source: op}, position: make([]int, len(table.Columns)), locator: -1, strength: kv.ForUpdate}
	for i := range c.position {
		c.position[i] = -1
	}
	for i, id := range columns {
		switch {
		case id.Rel != rel:
		case id.Num == plan.Locator:
			c.locator = i
		case id.Num > 0:
			c.position[id.Num-1] = i
		}
	}
	if r, ok := op.(*referringOp); ok {
		c.still = r.still
	}
	if c.locator < 0 {
		return nil, fmt.Errorf("run: the source of a change of %s yields no locator", table.Name)
	}
	for i := range table.Columns {
		if c.position[i] < 0 && !table.Columns[i].Dropped {
			return nil, fmt.Errorf("run: the source of a change of %s lacks column %s", table.Name, table.Columns[i].Name)
		}
	}
	c.old, c.newest = make([]pgtype.Datum, len(table.Columns)), make([]pgtype.Datum, len(table.Columns))
	if recheck != nil {
		c.recheck, err = b.compiler(columns, outer).Compile(recheck)
	}
	return c, err
}

// target locks the target row of a source row; ok is false when there is nothing to change any more. Afterwards c.old is the row as it is and c.row
// the source row that shows it.
func (c *changeOp) lock(row []pgtype.Datum) (ok bool, err error) {
	if row[c.locator].IsNull() {
		return false, nil // the outer side of a join
	}
	status, err := c.table.Lock(c.exec.Ctx(), c.exec.Access, row[c.locator], userdata.LockRequest{Mode: c.strength}, c.newest)
	if errors.Is(err, userdata.ErrDeleted) {
		return false, pgerr.Wrap(err, pgerr.SerializationFailure, "could not serialize access due to concurrent delete")
	}
	if err != nil {
		return false, err
	}
	c.row = row
	switch status {
	case userdata.Gone, userdata.Skipped:
		return false, nil
	case userdata.Changed:
		c.row = append([]pgtype.Datum(nil), row...)
		for i, p := range c.position {
			if p >= 0 {
				c.row[p] = c.newest[i]
			}
		}
		if c.recheck != nil {
			c.frame.Row = c.row
			v, err := c.recheck(&c.frame)
			if err != nil || v.IsNull() || !v.Bool() {
				return false, err
			}
		}
		if c.still != nil {
			if ok, err := c.still(c.row); err != nil || !ok {
				return false, err
			}
		}
	}
	clear(c.old)
	for i, p := range c.position {
		if p >= 0 {
			c.old[i] = c.row[p]
		}
	}
	return true, nil
}

// updateOp is UPDATE.
type updateOp struct {
	*changeOp
	set    []assign
	values []pgtype.Datum
}

func (b *builder) update(n *plan.Update, outer *expr.Scope) (Operator, error) {
	c, err := b.change(n.Source, n.Rel, n.Table, n.Recheck, outer)
	if err != nil {
		return nil, err
	}
	c.buffered = !streams(n.Source, n.Returning, assignExprs(n.Set))
	if !setsKey(n.Table, n.Set) {
		c.strength = kv.ForNoKeyUpdate
	}
	c.bound = n.Rules
	u := &updateOp{changeOp: c, values: make([]pgtype.Datum, len(n.Table.Columns))}
	over := b.compiler(n.Source.Columns(), outer)
	if u.set, err = compileAssigns(over, n.Set); err != nil {
		return nil, err
	}
	if u.rules, err = b.rules(n.Table, n.Rules); err != nil {
		return nil, err
	}
	if u.options, err = b.options(n.Options, n.Rel, n.Table, outer); err != nil {
		return nil, err
	}
	c.out = make([]pgtype.Datum, len(n.Returning))
	u.returning, err = b.compiler(append(n.Source.Columns(), systemColumns(n.Rel)...), outer).CompileAll(n.Returning)
	return u, err
}

// setsKey tells whether an assignment is to a column of a unique index.
func setsKey(table *desc.Relation, set []plan.Assign) bool {
	for i := range table.Indexes {
		x := &table.Indexes[i]
		if !x.Unique {
			continue
		}
		for _, k := range x.Keys {
			for _, s := range set {
				if k.Num == s.Num || k.Num == 0 {
					return true
				}
			}
		}
	}
	return false
}

func (u *updateOp) Open(outer *expr.Frame) error { return u.open(outer) }

func (u *updateOp) Next() ([]pgtype.Datum, error) {
	for {
		row, err := u.next()
		if err != nil || row == nil {
			return nil, err
		}
		ok, err := u.lock(row)
		if err != nil {
			return nil, u.located(err)
		}
		if !ok {
			continue
		}
		if err := u.apply(); err != nil {
			return nil, u.located(err)
		}
		u.count++
		if len(u.returning) > 0 {
			shown := append([]pgtype.Datum(nil), u.row...)
			for i, p := range u.position {
				if p >= 0 {
					shown[p] = u.values[i]
				}
			}
			return u.project(u.withSystem(shown))
		}
	}
}

func (u *updateOp) apply() error {
	copy(u.values, u.old)
	u.frame.Row = u.row
	for _, s := range u.set {
		v, err := s.eval(&u.frame)
		if err != nil {
			return err
		}
		u.values[s.num-1] = v
	}
	if err := u.rules.apply(u.values); err != nil {
		return err
	}
	return u.updateRow(u.row[u.locator], u.old, u.values)
}

// deleteOp is DELETE.
type deleteOp struct{ *changeOp }

func (b *builder) delete(n *plan.Delete, outer *expr.Scope) (Operator, error) {
	c, err := b.change(n.Source, n.Rel, n.Table, n.Recheck, outer)
	if err != nil {
		return nil, err
	}
	c.bound = n.Rules
	c.buffered = !streams(n.Source, n.Returning)
	c.out = make([]pgtype.Datum, len(n.Returning))
	c.returning, err = b.compiler(append(n.Source.Columns(), systemColumns(n.Rel)...), outer).CompileAll(n.Returning)
	return &deleteOp{c}, err
}

func (d *deleteOp) Open(outer *expr.Frame) error { return d.open(outer) }

func (d *deleteOp) Next() ([]pgtype.Datum, error) {
	for {
		row, err := d.next()
		if err != nil || row == nil {
			return nil, err
		}
		ok, err := d.lock(row)
		if err != nil {
			return nil, d.located(err)
		}
		if !ok {
			continue
		}
		if err := d.deleteRow(d.row[d.locator], d.old); err != nil {
			return nil, d.located(err)
		}
		d.count++
		if len(d.returning) > 0 {
			return d.project(d.withSystem(d.row))
		}
	}
}

// yieldsMany tells whether a source may have more rows than a statement's text has.
func yieldsMany(node plan.Node) bool {
	for {
		switch n := node.(type) {
		case *plan.Values, *plan.OneRow:
			return false
		case *plan.Project:
			node = n.Input
		default:
			return true
		}
	}
}
