package ddl

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

func TestObjectName(t *testing.T) {
	long := strings.Repeat("a", 60)
	for _, c := range []struct{ name1, name2, label, want string }{
		{"t", "", "pkey", "t_pkey"},
		{"t", "a", "key", "t_a_key"},
		{long, "b", "idx", strings.Repeat("a", 57) + "_b_idx"},
		{long, long, "fkey", strings.Repeat("a", 29) + "_" + strings.Repeat("a", 28) + "_fkey"},
		{strings.Repeat("ä", 31), "b", "idx", strings.Repeat("ä", 28) + "_b_idx"},
	} {
		got := objectName(c.name1, c.name2, c.label)
		if got != c.want {
			t.Errorf("objectName(%q, %q, %q) is %q, want %q", c.name1, c.name2, c.label, got, c.want)
		}
		if len(got) > maxName || !utf8.ValidString(got) {
			t.Errorf("%q is no name", got)
		}
	}
}

func TestUniqueNames(t *testing.T) {
	got := uniqueNames([]string{"lower", "a", "lower", "lower", "lower1"})
	if want := []string{"lower", "a", "lower1", "lower2", "lower11"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestOptions(t *testing.T) {
	for text, want := range map[string]bool{"64MB": true, "64 MB": true, "5": true, "1kB": true, "5XB": false, "MB": false, "-1MB": false, "1.5GB": false, "": false} {
		if validSize(text) != want {
			t.Errorf("size %q: want %t", text, want)
		}
	}
	for _, c := range []struct {
		class   desc.Class
		options string
		code    pgerr.Code
	}{
		{desc.Stream, "ttl=10 s", ""},
		{desc.Stream, "", pgerr.InvalidParameterValue},
		{desc.Stream, "ttl=10 s flush_rows=5", pgerr.InvalidParameterValue},
		{desc.User, "use_user_storage=true", ""},
		{desc.User, "max_size=1MB", pgerr.InvalidParameterValue},
		{desc.Shared, "use_user_storage=true", pgerr.InvalidParameterValue},
		{desc.Shared, "fillfactor=50", ""},
	} {
		var options []string
		for _, o := range strings.Split(c.options, " ") {
			if strings.Contains(o, "=") {
				options = append(options, o)
			}
		}
		err := checkClass(&desc.Relation{Class: c.class, Options: options})
		if c.code == "" && err != nil || c.code != "" && !pgerr.Is(err, c.code) {
			t.Errorf("%c with %s: %v", c.class, fmt.Sprint(options), err)
		}
	}
}
