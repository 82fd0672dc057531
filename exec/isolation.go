package exec

import (
	"context"
	"strings"

	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/exec/session"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// modes are the characteristics of a transaction (SET TRANSACTION). READ UNCOMMITTED is kept as its name and works as READ COMMITTED.
type modes struct {
	isolation  string
	readOnly   bool
	deferrable bool
}

// repeatable tells whether all statements see one snapshot.
func (m *modes) repeatable() bool {
	return m.isolation == repeatableRead || m.isolation == serializable
}

const (
	repeatableRead = "repeatable read"
	serializable   = "serializable"
)

// The parameters that show a transaction's modes; default_ before a name gives the parameter that a new transaction starts with.
const (
	isolationSetting  = "transaction_isolation"
	readOnlySetting   = "transaction_read_only"
	deferrableSetting = "transaction_deferrable"
)

// defaultModes are those that a new transaction starts with.
func (s *Session) defaultModes() modes {
	q := s.settings.Quick()
	return modes{q.DefaultIsolation, q.DefaultReadOnly, q.DefaultDeferrable}
}

// setModes gives the transaction its modes, and the parameters that show them their values, for the rest of the transaction.
func (s *Session) setModes(m modes) {
	s.txn.modes = m
	s.txn.access.RepeatableRead = m.repeatable()
	q := s.settings.Quick()
	if q.Isolation != m.isolation {
		s.settings.ForceLocal(isolationSetting, m.isolation)
	}
	if q.ReadOnly != m.readOnly {
		s.settings.ForceLocal(readOnlySetting, onOff(m.readOnly))
	}
	if q.Deferrable != m.deferrable {
		s.settings.ForceLocal(deferrableSetting, onOff(m.deferrable))
	}
}

// setMode changes one mode of the running transaction, by the name of its parameter.
func (s *Session) setMode(name, value string) error {
	if s.txn == nil {
		return nil
	}
	kept, err := session.Find(name).Checked(name, value)
	if err != nil {
		return err
	}
	m := s.txn.modes
	nested := len(s.txn.savepoints) > 0
	switch strings.ToLower(name) {
	case isolationSetting:
		if kept != m.isolation {
			if s.txn.used {
				return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
			}
			if nested {
				return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction")
			}
		}
		m.isolation = kept
	case readOnlySetting:
		if kept == "off" && m.readOnly {
			if nested && s.txn.savepoints[len(s.txn.savepoints)-1].readOnly {
				return pgerr.New(pgerr.ActiveSQLTransaction, "cannot set transaction read-write mode inside a read-only transaction")
			}
			if s.txn.used {
				return pgerr.New(pgerr.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
			}
		}
		m.readOnly = kept == "on"
	case deferrableSetting:
		if nested {
			return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction")
		}
		if s.txn.used {
			return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION [NOT] DEFERRABLE must be called before any query")
		}
		m.deferrable = kept == "on"
	}
	s.setModes(m)
	return nil
}

// transactionModes applies ISOLATION LEVEL, READ ONLY and DEFERRABLE.
func (s *Session) transactionModes(options []*pg_query.Node) error {
	for _, o := range options {
		d := o.GetDefElem()
		if d == nil {
			continue
		}
		c := d.Arg.GetAConst()
		value := c.GetSval().GetSval()
		if d.Defname != isolationSetting {
			value = onOff(c.GetIval().GetIval() != 0)
		}
		if err := s.setMode(d.Defname, value); err != nil {
			return err
		}
	}
	return nil
}

// mayWrite refuses in a read-only transaction what is not read-only.
func (s *Session) mayWrite(p *plan.Statement) error {
	if p.ReadOnly || s.txn == nil || !s.txn.modes.readOnly {
		return nil
	}
	command := p.Tag
	if command == "SELECT" && p.Locking != "" {
		command += " " + p.Locking
	}
	return refusedReadOnly(command)
}

func refusedReadOnly(command string) error {
	return pgerr.Newf(pgerr.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", command)
}

// takeSnapshot takes the snapshot of rows that the next statement sees: at READ COMMITTED one of its own, else the transaction's only one.
func (s *Session) takeSnapshot(ctx context.Context) error {
	t := s.txn
	if t.used && t.modes.repeatable() {
		return nil
	}
	first := !t.used
	t.used = true
	if !first || t.modes.isolation != serializable {
		return t.kv.NewStatement(ctx)
	}
	serial, ok := t.kv.(kv.Serializer)
	if !ok {
		return pgerr.Unsupported("isolation level SERIALIZABLE on this store")
	}
	defer s.waiting.Store(nil)
	return serial.Serialize(ctx, kv.SerializeOptions{ReadOnly: t.modes.readOnly, Deferrable: t.modes.deferrable, Waiting: func() { s.waiting.Store(&safeSnapshot) }})
}

var safeSnapshot = "IPC:SafeSnapshot"
