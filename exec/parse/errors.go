package parse

import (
	"errors"
	"strings"

	"github.com/pganalyze/pg_query_go/v5/parser"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// messageCodes gives the grammar's errors that are not 42601 their SQLSTATE; pg_query hands over the text only. The first prefix or suffix that fits decides.
var messageCodes = []struct {
	prefix, suffix string
	code           pgerr.Code
	hint           string
}{
	{prefix: "invalid Unicode escape value", code: pgerr.SyntaxError},
	{prefix: "invalid Unicode escape character", code: pgerr.SyntaxError},
	{prefix: "invalid Unicode escape", code: pgerr.InvalidEscapeSequence, hint: `Unicode escapes must be \uXXXX or \UXXXXXXXX.`},
	{prefix: "unsafe use of string constant with Unicode escapes", code: pgerr.FeatureNotSupported},
	{prefix: "unsafe use of \\'", code: "22P06"},
	{prefix: "invalid byte sequence for encoding", code: pgerr.CharacterNotInRepertoire},
	{prefix: "precision for type float", code: pgerr.InvalidParameterValue},
	{prefix: "LIMIT #,# syntax is not supported", code: pgerr.SyntaxError, hint: "Use separate LIMIT and OFFSET clauses."},
	{prefix: "stack depth limit exceeded", code: pgerr.StatementTooComplex},
	{prefix: "out of memory", code: pgerr.OutOfMemory},
	{prefix: "cannot use multiple ORDER BY", code: pgerr.SyntaxError},
	{prefix: "frame start", code: pgerr.WindowingError},
	{prefix: "frame end", code: pgerr.WindowingError},
	{prefix: "role name \"none\"", code: pgerr.ReservedName},
	{prefix: "role name \"public\"", code: pgerr.ReservedName},
	{suffix: "not yet implemented", code: pgerr.FeatureNotSupported},
	{suffix: "not implemented", code: pgerr.FeatureNotSupported},
	{suffix: "is not supported", code: pgerr.FeatureNotSupported},
	{suffix: "no longer supported", code: pgerr.FeatureNotSupported},
	{suffix: "cannot be marked DEFERRABLE", code: pgerr.FeatureNotSupported},
	{suffix: "cannot be marked NOT VALID", code: pgerr.FeatureNotSupported},
	{suffix: "cannot be marked NO INHERIT", code: pgerr.FeatureNotSupported},
	{suffix: "must specify unlogged status", code: pgerr.FeatureNotSupported},
}

func grammarError(text string, err error) error {
	var pe *parser.Error
	if !errors.As(err, &pe) {
		return pgerr.Wrap(err, pgerr.SyntaxError, err.Error())
	}
	e := pgerr.New(pgerr.SyntaxError, pe.Message).At(pe.Cursorpos)
	for _, m := range messageCodes {
		if m.prefix != "" && strings.HasPrefix(pe.Message, m.prefix) || m.suffix != "" && strings.HasSuffix(pe.Message, m.suffix) {
			e.Code, e.Hint = m.code, m.hint
			break
		}
	}
	if e.Code == pgerr.InvalidEscapeSequence && inUnicodeString(text, pe.Cursorpos) {
		e.Code, e.Hint = pgerr.SyntaxError, `Unicode escapes must be \XXXX or \+XXXXXX.`
	}
	return e
}

// inUnicodeString tells whether a position, from 1, lies in U&'…' or U&"…" rather than in E'…', whose escapes are written otherwise.
func inUnicodeString(text string, position int) bool {
	for i := min(position, len(text)) - 1; i > 0; i-- {
		if text[i] != '\'' && text[i] != '"' {
			continue
		}
		if text[i-1] == text[i] {
			i--
			continue
		}
		return i > 1 && strings.EqualFold(text[i-2:i], "u&")
	}
	return false
}
