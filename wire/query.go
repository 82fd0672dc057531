package wire

import (
	"time"

	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire/proto"
)

// query runs a simple query.
func (c *conn) query(body []byte) error {
	text, err := proto.DecodeString(body, c.out.Charset)
	if err != nil {
		return c.refuseCycle(err)
	}
	began := time.Now()
	err = c.session.Query(c.context(), string(text), &c.sink)
	c.took(began)
	if err != nil {
		if err := c.report(err); err != nil {
			return err
		}
	}
	return c.ready()
}

// refuseCycle answers a message that is a whole cycle in itself with an error.
func (c *conn) refuseCycle(err error) error {
	_ = c.refuse(err)
	if err := c.report(err); err != nil {
		return err
	}
	err = c.session.Sync(c.context())
	if err != nil {
		if err := c.report(err); err != nil {
			return err
		}
	}
	return c.ready()
}

// functionCall refuses the fast-path call of a function by its OID, which only libpq's large-object functions still use.
func (c *conn) functionCall() error {
	return c.refuseCycle(pgerr.Unsupported("the FunctionCall message"))
}

func (c *conn) sync(body []byte) error {
	if err := proto.DecodeEmpty(body); err != nil {
		return c.refuseCycle(err)
	}
	err := c.session.Sync(c.context())
	if err != nil {
		if err := c.report(err); err != nil {
			return err
		}
	}
	return c.ready()
}

func (c *conn) parse(body []byte) error {
	p, err := proto.DecodeParse(body, c.out.Charset)
	if err != nil {
		return c.refuse(err)
	}
	err = c.session.Parse(c.context(), c.names.string(p.Name), string(p.Text), p.Types)
	if err != nil {
		return err
	}
	return c.out.ParseComplete()
}

func (c *conn) bind(body []byte) error {
	// The unnamed portal's parameters lie in memory that the next Bind uses again; those of a named portal live as long as it does.
	b := &c.unnamed
	if len(body) > 0 && body[0] != 0 {
		b = new(proto.Bind)
	}
	if err := b.Start(body, c.out.Charset); err != nil {
		return c.refuse(err)
	}
	ctx := c.context()
	statement := c.names.string(b.Statement)
	types, _, err := c.session.Statement(ctx, statement)
	if err != nil {
		return err
	}
	n, err := b.Counts(len(types))
	if err != nil {
		return c.refuse(err)
	}
	if n > 0 && c.session.Status() == 'E' { // nothing that takes parameters could end the transaction
		return c.refuse(errAborted())
	}
	if err := b.Decode(c.session.Context(), types); err != nil {
		return c.refuse(err)
	}
	if err := c.session.Bind(ctx, c.names.string(b.Portal), statement, b.Values, b.Formats); err != nil {
		return err
	}
	return c.out.BindComplete()
}

func (c *conn) execute(body []byte) error {
	portal, limit, err := proto.DecodeExecute(body, c.out.Charset)
	if err != nil {
		return c.refuse(err)
	}
	began := time.Now()
	err = c.session.Execute(c.context(), c.names.string(portal), limit, &c.sink)
	c.took(began)
	return err
}

func (c *conn) describe(body []byte) error {
	t, err := proto.DecodeTarget(body, c.out.Charset, "DESCRIBE")
	if err != nil {
		return c.refuse(err)
	}
	ctx := c.context()
	if t.Kind == 'P' {
		columns, err := c.session.Portal(ctx, c.names.string(t.Name))
		if err != nil {
			return err
		}
		return c.rowDescription(columns)
	}
	types, columns, err := c.session.Statement(ctx, c.names.string(t.Name))
	if err != nil {
		return err
	}
	if columns != nil && c.session.Status() == 'E' {
		return c.refuse(errAborted())
	}
	if err := c.out.ParameterDescription(types); err != nil {
		return err
	}
	return c.rowDescription(columns)
}

func (c *conn) rowDescription(columns []result.Column) error {
	if columns == nil {
		return c.out.NoData()
	}
	return c.out.RowDescription(columns)
}

func (c *conn) closeTarget(body []byte) error {
	t, err := proto.DecodeTarget(body, c.out.Charset, "CLOSE")
	if err != nil {
		return c.refuse(err)
	}
	ctx := c.context()
	if t.Kind == 'S' {
		err = c.session.CloseStatement(ctx, c.names.string(t.Name))
	} else {
		err = c.session.ClosePortal(ctx, c.names.string(t.Name))
	}
	if err != nil {
		return err
	}
	return c.out.CloseComplete()
}

// took reports how long a statement ran.
func (c *conn) took(began time.Time) {
	if c.server.o.Observer.Statement != nil {
		c.server.o.Observer.Statement(time.Since(began))
	}
}

func errAborted() *pgerr.Error {
	return pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}
