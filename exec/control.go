package exec

import (
	"context"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/session"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// transactionStatement runs BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their kin, and gives the command tag.
func (s *Session) transactionStatement(ctx context.Context, n *pg_query.TransactionStmt) (string, error) {
	switch n.Kind {
	case pg_query.TransactionStmtKind_TRANS_STMT_BEGIN, pg_query.TransactionStmtKind_TRANS_STMT_START:
		tag := "BEGIN"
		if n.Kind == pg_query.TransactionStmtKind_TRANS_STMT_START {
			tag = "START TRANSACTION"
		}
		return tag, s.beginBlock(ctx, n)
	case pg_query.TransactionStmtKind_TRANS_STMT_COMMIT:
		return s.commitBlock(ctx, n.Chain)
	case pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		return "ROLLBACK", s.rollbackBlock(ctx, n.Chain)
	case pg_query.TransactionStmtKind_TRANS_STMT_SAVEPOINT:
		if err := s.needBlock("SAVEPOINT"); err != nil {
			return "", err
		}
		s.savepoint(n.SavepointName)
		return "SAVEPOINT", nil
	case pg_query.TransactionStmtKind_TRANS_STMT_RELEASE:
		if err := s.needBlock("RELEASE SAVEPOINT"); err != nil {
			return "", err
		}
		return "RELEASE", s.release(n.SavepointName)
	case pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO:
		if err := s.needBlock("ROLLBACK TO SAVEPOINT"); err != nil {
			return "", err
		}
		return "ROLLBACK", s.rollbackTo(n.SavepointName)
	}
	return s.twoPhase(ctx, n)
}

func (s *Session) needBlock(what string) error {
	if s.txn == nil || !s.txn.block {
		return pgerr.Newf(pgerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", what)
	}
	return nil
}

func (s *Session) beginBlock(ctx context.Context, n *pg_query.TransactionStmt) error {
	if s.txn != nil && s.txn.block {
		return s.notice(pgerr.Notice("WARNING", pgerr.ActiveSQLTransaction, "there is already a transaction in progress"))
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.txn.block = true
	return s.transactionModes(n.Options)
}

func (s *Session) commitBlock(ctx context.Context, chain bool) (string, error) {
	if s.txn == nil || !s.txn.block {
		if chain {
			return "", s.needBlock("COMMIT AND CHAIN")
		}
		if err := s.notice(pgerr.Notice("WARNING", pgerr.NoActiveSQLTransaction, "there is no transaction in progress")); err != nil {
			return "", err
		}
		return "COMMIT", s.commit(ctx)
	}
	tag := "COMMIT"
	modes := s.chainModes()
	if s.txn.failed {
		tag = "ROLLBACK"
		s.rollback()
	} else if err := s.commit(ctx); err != nil {
		return "", err
	}
	return tag, s.chain(ctx, chain, modes)
}

func (s *Session) rollbackBlock(ctx context.Context, chain bool) error {
	if s.txn == nil || !s.txn.block {
		if chain {
			return s.needBlock("ROLLBACK AND CHAIN")
		}
		if err := s.notice(pgerr.Notice("WARNING", pgerr.NoActiveSQLTransaction, "there is no transaction in progress")); err != nil {
			return err
		}
		s.rollback()
		return nil
	}
	modes := s.chainModes()
	s.rollback()
	return s.chain(ctx, chain, modes)
}

// chainModes are the modes of the transaction that AND CHAIN begins. An error that has undone the whole transaction has undone its modes too.
func (s *Session) chainModes() modes {
	if s.txn.failed && len(s.txn.savepoints) == 0 {
		return s.defaultModes()
	}
	return s.txn.modes
}

// chain starts the next transaction with the modes of the last one.
func (s *Session) chain(ctx context.Context, chain bool, m modes) error {
	if !chain {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.txn.block = true
	s.setModes(m)
	return nil
}

// setStatement runs SET and RESET.
func (s *Session) setStatement(n *pg_query.VariableSetStmt) (string, error) {
	scope := session.Session
	if n.IsLocal {
		scope = session.Local
		if (s.txn == nil || !s.txn.block) && n.Kind != pg_query.VariableSetKind_VAR_SET_MULTI {
			if err := s.notice(pgerr.Notice("WARNING", pgerr.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks")); err != nil {
				return "", err
			}
		}
	}
	switch n.Kind {
	case pg_query.VariableSetKind_VAR_RESET_ALL:
		s.settings.ResetAll()
		return "RESET", nil
	case pg_query.VariableSetKind_VAR_RESET:
		return "RESET", s.resetSetting(n.Name)
	case pg_query.VariableSetKind_VAR_SET_DEFAULT:
		return "SET", s.resetSetting(n.Name)
	case pg_query.VariableSetKind_VAR_SET_MULTI:
		return "SET", s.setMulti(n)
	case pg_query.VariableSetKind_VAR_SET_CURRENT:
		return "SET", nil
	}
	value, err := settingValue(n)
	if err != nil {
		return "", err
	}
	return "SET", s.setSetting(n.Name, value, scope)
}

// setMulti runs SET TRANSACTION and SET SESSION CHARACTERISTICS.
func (s *Session) setMulti(n *pg_query.VariableSetStmt) error {
	if n.Name == "TRANSACTION" {
		if s.txn == nil || !s.txn.block {
			return s.notice(pgerr.Notice("WARNING", pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks"))
		}
		return s.transactionModes(n.Args)
	}
	if n.Name == "TRANSACTION SNAPSHOT" {
		return s.importSnapshot(n.Args[0].GetAConst().GetSval().GetSval())
	}
	if n.Name != "SESSION CHARACTERISTICS" {
		return pgerr.Unsupported("SET " + n.Name)
	}
	for _, a := range n.Args {
		d := a.GetDefElem()
		c := d.GetArg().GetAConst()
		value := c.GetSval().GetSval()
		if value == "" {
			value = onOff(c.GetIval().GetIval() != 0)
		}
		if err := s.setSetting("default_"+d.GetDefname(), value, session.Session); err != nil {
			return err
		}
	}
	return nil
}

// settingValue joins the values of SET name = a, b into one string; names in lists are quoted where they have to be.
func settingValue(n *pg_query.VariableSetStmt) (string, error) {
	var parts []string
	list := strings.EqualFold(n.Name, "search_path") || strings.EqualFold(n.Name, "temp_tablespaces")
	for _, a := range n.Args {
		v, err := constantText(a)
		if err != nil {
			return "", err
		}
		if list && a.GetAConst().GetSval() != nil {
			v = quoteName(v)
		}
		parts = append(parts, v)
	}
	return strings.Join(parts, ", "), nil
}

// quoteName quotes an identifier unless it is a plain lower-case word.
func quoteName(s string) string {
	plain := s != ""
	for i, c := range []byte(s) {
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9' && c != '$') {
			plain = false
		}
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// constantText gives a literal of SET as text; SET TIME ZONE INTERVAL '…' gives the offset in hours.
func constantText(n *pg_query.Node) (string, error) {
	if tc := n.GetTypeCast(); tc != nil {
		return intervalHours(tc.Arg.GetAConst().GetSval().GetSval())
	}
	c := n.GetAConst()
	switch {
	case c == nil:
		return "", pgerr.Unsupported("an expression as the value of a setting")
	case c.GetSval() != nil:
		return c.GetSval().Sval, nil
	case c.GetFval() != nil:
		return c.GetFval().Fval, nil
	case c.GetBoolval() != nil:
		return onOff(c.GetBoolval().Boolval), nil
	}
	return strconv.Itoa(int(c.GetIval().GetIval())), nil
}

func (s *Session) resetSetting(name string) error {
	switch strings.ToLower(name) {
	case "role":
		return s.setRole("none", session.Session)
	case "session_authorization":
		return s.setAuthorization("", session.Session)
	case isolationSetting, readOnlySetting, deferrableSetting:
		return pgerr.Newf(pgerr.FeatureNotSupported, "parameter %q cannot be reset", name)
	}
	return s.settings.Reset(name, s.superuser())
}

// setSetting changes one parameter; those that are more than a value go their own way.
func (s *Session) setSetting(name, value string, scope session.Scope) error {
	switch strings.ToLower(name) {
	case "role":
		return s.setRole(value, scope)
	case "session_authorization":
		return s.setAuthorization(value, scope)
	case isolationSetting, readOnlySetting, deferrableSetting:
		return s.setMode(name, value)
	case "kalam.user_id":
		if value != "" && !s.mayImpersonate() {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set parameter \"kalam.user_id\"").
				WithHint("Only superusers and members of the role kalam_impersonate may act for application users.")
		}
	case "kalam.all_users":
		r := s.reader().Role(s.user)
		if r == nil || !r.Super && !r.BypassRLS {
			return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set parameter \"kalam.all_users\"").
				WithHint("Only superusers and roles with BYPASSRLS may read the rows of all users.")
		}
		return s.settings.Set(name, value, scope, true)
	}
	return s.settings.Set(name, value, scope, s.superuser())
}

// mayImpersonate tells whether the session may act for application users: its login is a superuser or a member of kalam_impersonate.
func (s *Session) mayImpersonate() bool {
	r := s.reader()
	role := r.Role(s.session)
	if role != nil && role.Super {
		return true
	}
	group := r.RoleByName("kalam_impersonate")
	return group != nil && catalog.IsMemberOf(r, s.session, group.OID)
}

// setRole is SET ROLE: current_user becomes a role that the session user is a member of.
func (s *Session) setRole(name string, scope session.Scope) error {
	target, kept := s.session, "none"
	if name != "none" && name != "" {
		r := s.reader().RoleByName(name)
		if r == nil {
			return pgerr.Newf(pgerr.InvalidParameterValue, "role %q does not exist", name)
		}
		if !s.sessionIsSuper() && !catalog.CanSetRole(s.reader(), s.session, r.OID) {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set role %q", name)
		}
		target, kept = r.OID, r.Name
	}
	if err := s.settings.Set("role", kept, scope, true); err != nil {
		return err
	}
	s.user = target
	s.settings.Force("is_superuser", onOff(s.superuser()))
	return nil
}

// actAs makes the user of EXECUTE AS USER the current one until restore is called. Who may SET ROLE may do this.
func (s *Session) actAs(st *parse.Statement) (restore func(), err error) {
	if st == nil || st.AsUser == "" {
		return func() {}, nil
	}
	r := s.reader().RoleByName(st.AsUser)
	if r == nil {
		return nil, pgerr.Newf(pgerr.UndefinedObject, "role %q does not exist", st.AsUser)
	}
	if !s.sessionIsSuper() && !catalog.CanSetRole(s.reader(), s.session, r.OID) {
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to execute as user %q", st.AsUser)
	}
	was := s.user
	s.user = r.OID
	return func() { s.user = was }, nil
}

func (s *Session) sessionIsSuper() bool {
	r := s.reader().Role(s.session)
	return r != nil && r.Super
}

// setAuthorization is SET SESSION AUTHORIZATION; "" or DEFAULT goes back to the login.
func (s *Session) setAuthorization(name string, scope session.Scope) error {
	target := s.reader().Role(s.login)
	if name != "" && !strings.EqualFold(name, "default") {
		if target = s.reader().RoleByName(name); target == nil {
			return pgerr.Newf(pgerr.InvalidParameterValue, "role %q does not exist", name)
		}
		if login := s.reader().Role(s.login); login == nil || !login.Super && login.OID != target.OID {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set session authorization")
		}
	}
	if target == nil {
		return pgerr.New(pgerr.UndefinedObject, "the role of this session does not exist any more")
	}
	// The client hears of them in reverse, and of session_authorization first.
	s.settings.Force("role", "none")
	s.settings.Force("is_superuser", onOff(target.Super))
	if err := s.settings.Set("session_authorization", target.Name, scope, true); err != nil {
		return err
	}
	s.session, s.user = target.OID, target.OID
	return nil
}

// followRole brings session_user and current_user in step with the settings after the settings went back to earlier values.
func (s *Session) followRole() {
	if s.user == s.login && s.session == s.login && s.settings.Quick().Role == "none" {
		return
	}
	r := s.reader()
	if a := r.RoleByName(s.settings.Get("session_authorization")); a != nil {
		s.session = a.OID
	}
	s.user = s.session
	if name := s.settings.Get("role"); name != "none" {
		if role := r.RoleByName(name); role != nil {
			s.user = role.OID
		}
	}
}

// notice sends a notice to the client, if client_min_messages lets it pass.
func (s *Session) notice(n *pgerr.Error) error {
	if s.sink == nil || severityRank(n.Severity) < severityRank(strings.ToUpper(s.settings.Get("client_min_messages"))) {
		return nil
	}
	return s.sink.Notice(n)
}

// warn is notice for those who cannot do anything about a client that is gone.
func (s *Session) warn(n *pgerr.Error) { _ = s.notice(n) }

func severityRank(s string) int {
	switch s {
	case "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3", "DEBUG4", "DEBUG5":
		return 0
	case "LOG":
		return 1
	case "NOTICE":
		return 2
	case "WARNING":
		return 3
	case "ERROR":
		return 4
	case "INFO":
		return 9
	}
	return 2
}

// intervalHours turns the interval of SET TIME ZONE INTERVAL '+02:30' into the offset in hours that a numeric time zone has.
func intervalHours(text string) (string, error) {
	d, err := pgtype.ByOID(pgtype.OIDInterval).Codec.ParseText(pgtype.Default(), text, -1)
	if err != nil {
		return "", err
	}
	us, rest := d.Pair()
	if rest != 0 {
		return "", pgerr.New(pgerr.InvalidParameterValue, "cannot specify months or days in time zone interval")
	}
	return strconv.FormatFloat(float64(int64(us))/3600e6, 'f', -1, 64), nil
}
