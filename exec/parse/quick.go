package parse

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// quickKinds are the transaction statements in their plain forms, which are a large part of all statements that clients send.
var quickKinds = map[string]pg_query.TransactionStmtKind{
	"begin":             pg_query.TransactionStmtKind_TRANS_STMT_BEGIN,
	"begin transaction": pg_query.TransactionStmtKind_TRANS_STMT_BEGIN,
	"begin work":        pg_query.TransactionStmtKind_TRANS_STMT_BEGIN,
	"start transaction": pg_query.TransactionStmtKind_TRANS_STMT_START,
	"commit":            pg_query.TransactionStmtKind_TRANS_STMT_COMMIT,
	"end":               pg_query.TransactionStmtKind_TRANS_STMT_COMMIT,
	"rollback":          pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK,
	"abort":             pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK,
}

// quickNodes are the trees of quickKinds, made once: a tree is never changed.
var quickNodes = func() map[string]*pg_query.Node {
	m := make(map[string]*pg_query.Node, len(quickKinds))
	for words, kind := range quickKinds {
		m[words] = &pg_query.Node{Node: &pg_query.Node_TransactionStmt{TransactionStmt: &pg_query.TransactionStmt{Kind: kind}}}
	}
	return m
}()

const longestQuick = len("start transaction")

// quick recognises statements that need no grammar; nil for all others.
func quick(text string) *Statement {
	s := strings.TrimRight(text, "; \t\r\n")
	if len(s) > longestQuick || len(text)-len(s) > 1 && strings.Count(text[len(s):], ";") > 1 {
		return nil
	}
	var buf [longestQuick]byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		buf[i] = c
	}
	node, ok := quickNodes[string(buf[:len(s)])]
	if !ok {
		return nil
	}
	return &Statement{Node: node, Source: text, Text: s}
}
