package system

import (
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// StorageLocation is a place for cold segments.
type StorageLocation struct {
	Name           string    `json:"name"`
	Type           string    `json:"type"` // filesystem, s3, gcs, azure
	Path           string    `json:"path"`
	SharedTemplate string    `json:"shared_template,omitempty"`
	UserTemplate   string    `json:"user_template,omitempty"`
	CredentialsRef string    `json:"credentials_ref,omitempty"` // names the credentials, which are kept elsewhere
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

func (l *StorageLocation) id() string { return l.Name }

var storageLocationColumns = []column{
	{"location_name", pgtype.TextType}, {"location_type", pgtype.TextType}, {"path", pgtype.TextType}, {"shared_template", pgtype.TextType},
	{"user_template", pgtype.TextType}, {"credentials_ref", pgtype.TextType}, {"usage_count", pgtype.Int8Type}, {"created_at", pgtype.TimestamptzType},
	{"updated_at", pgtype.TimestamptzType},
}

// StorageUsage counts the tables of a database and the users that name each storage location. A location in use is not to be dropped.
func StorageUsage(r catalog.Reader) map[string]int {
	used := make(map[string]int)
	for t := range r.Relations() {
		if len(t.Options) > 0 {
			if name := tableOptions(t).take("storage"); name != "" {
				used[name]++
			}
		}
	}
	for u := range r.Roles() {
		if u.StorageID != "" {
			used[u.StorageID]++
		}
	}
	return used
}

func (t *Tables) scanStorageLocations(r catalog.Reader, yield func([]pgtype.Datum) bool) error {
	used := StorageUsage(r)
	row := make([]pgtype.Datum, len(storageLocationColumns))
	return t.StorageLocations.read(r, func(l *StorageLocation) bool {
		row = append(row[:0], pgtype.Text(l.Name), pgtype.Text(l.Type), text(l.Path), text(l.SharedTemplate), text(l.UserTemplate), text(l.CredentialsRef),
			pgtype.Int(int64(used[l.Name])), timestamp(l.CreatedAt), timestamp(l.UpdatedAt))
		return yield(row)
	})
}
