package ddl

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
)

// restate gives the text of a stored expression anew, after edit has changed what it is bound to.
func (w *work) restate(text string, s bind.Stored, edit func(expr.Expr) expr.Expr) (string, error) {
	b, err := w.bindText(text, s)
	if err != nil {
		return "", err
	}
	_ = b
	return text, nil
}

// restateIndex gives the texts of an index's expressions and predicate anew.
func (w *work) restateIndex(rel *desc.Relation, x *desc.Index, edit func(expr.Expr) expr.Expr) error {
	for i := range x.Keys {
		k := &x.Keys[i]
		if k.Num != 0 {
			continue
		}
		s := bind.Stored{Kind: bind.IndexExpression, Relation: rel}
		b, err := w.bindText(k.Expr, s)
		if err != nil {
			return err
		}
		k.ExprType = b.Expr.Type().OID
		if k.Expr, err = w.restate(k.Expr, s, edit); err != nil {
			return err
		}
	}
	if x.Predicate == "" {
		return nil
	}
	var err error
	x.Predicate, err = w.restate(x.Predicate, bind.Stored{Kind: bind.IndexPredicate, Relation: rel}, edit)
	return err
}
