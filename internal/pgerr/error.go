package pgerr

import (
	"errors"
	"fmt"
)

// Error is an error, or a notice, as a PostgreSQL client sees it.
type Error struct {
	Severity string // "ERROR" when empty; also FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO, LOG
	Code     Code
	Message  string
	Detail   string
	Hint     string
	Position int // 1-based character position in the statement text, 0 when unknown

	InternalPosition int
	InternalQuery    string
	Where            string

	Schema     string
	Table      string
	Column     string
	DataType   string
	Constraint string

	// Routine names the function of PostgreSQL that raises the error, for the few by which drivers tell errors of one
	// SQLSTATE apart.
	Routine string

	cause error
}

// Error gives the message with its SQLSTATE, for logs.
func (e *Error) Error() string { return e.Message + " (SQLSTATE " + string(e.Code) + ")" }

// Unwrap gives the error that this one was made from, if any.
func (e *Error) Unwrap() error { return e.cause }

// New makes an error with a fixed message.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Newf makes an error with a formatted message.
func Newf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap gives cause a code and a message; errors.Is and errors.As still find cause.
func Wrap(cause error, code Code, message string) *Error {
	return &Error{Code: code, Message: message, cause: cause}
}

// Unsupported reports something that PostgreSQL has and kalampg does not: 0A000, "<feature> is not supported",
// with a hint that names the feature so that users and issue trackers can count it.
func Unsupported(feature string) *Error {
	return &Error{
		Code:    FeatureNotSupported,
		Message: feature + " is not supported",
		Hint:    "kalampg does not have this PostgreSQL feature yet: " + feature + ".",
	}
}

// Notice makes a message that is sent beside a result instead of ending the statement.
func Notice(severity string, code Code, format string, args ...any) *Error {
	return &Error{Severity: severity, Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithDetail sets the detail and returns e.
func (e *Error) WithDetail(format string, args ...any) *Error {
	e.Detail = fmt.Sprintf(format, args...)
	return e
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// At sets the position in characters, from 1, unless one is set already, and returns e.
func (e *Error) At(position int) *Error {
	if e.Position == 0 && position > 0 {
		e.Position = position
	}
	return e
}

// WithTable names the relation concerned and returns e.
func (e *Error) WithTable(schema, table string) *Error {
	e.Schema, e.Table = schema, table
	return e
}

// WithColumn names the column concerned and returns e.
func (e *Error) WithColumn(column string) *Error {
	e.Column = column
	return e
}

// WithConstraint names the constraint concerned and returns e.
func (e *Error) WithConstraint(name string) *Error {
	e.Constraint = name
	return e
}

// WithSeverity sets the severity and returns e.
func (e *Error) WithSeverity(severity string) *Error {
	e.Severity = severity
	return e
}

// As finds the *Error in err's chain.
func As(err error) (*Error, bool) {
	if err == nil {
		return nil, false // and nothing is allocated
	}
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// CodeOf gives err's SQLSTATE, or SystemError when err carries none.
func CodeOf(err error) Code {
	if e, ok := As(err); ok {
		return e.Code
	}
	return SystemError
}

// Is tells whether err carries code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
