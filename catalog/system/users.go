package system

import (
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var userColumns = []column{
	{"user_id", pgtype.OidType}, {"username", pgtype.TextType}, {"email", pgtype.TextType}, {"role", pgtype.TextType}, {"auth_type", pgtype.TextType},
	{"storage_id", pgtype.TextType}, {"created_at", pgtype.TimestamptzType}, {"updated_at", pgtype.TimestamptzType}, {"last_login_at", pgtype.TimestamptzType},
}

// scanUsers shows the roles but for PostgreSQL's predefined ones.
func scanUsers(r catalog.Reader, yield func([]pgtype.Datum) bool) error {
	row := make([]pgtype.Datum, len(userColumns))
	for u := range r.Roles() {
		if strings.HasPrefix(u.Name, "pg_") {
			continue
		}
		auth := "none"
		if u.Verifier != "" {
			auth = "password"
		}
		row = append(row[:0], pgtype.OIDValue(u.OID), pgtype.Text(u.Name), text(u.Email), pgtype.Text(userRole(r, u)), pgtype.Text(auth),
			text(u.StorageID), timestamp(u.CreatedAt), timestamp(u.UpdatedAt), timestamp(u.LastLogin))
		if !yield(row) {
			return nil
		}
	}
	return nil
}

// userRole is the strongest of the server's roles that a user has.
func userRole(r catalog.Reader, u *desc.Role) string {
	if u.Super {
		return "superuser"
	}
	for _, name := range []string{"kalam_dba", "kalam_service"} {
		if g := r.RoleByName(name); g != nil && catalog.IsMemberOf(r, u.OID, g.OID) {
			return strings.TrimPrefix(name, "kalam_")
		}
	}
	return "user"
}
