package golden

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestRecordingSurvivesWriteAndRead(t *testing.T) {
	cases := []Case{
		{1, "SELECT 1;", "columns: a integer\n1\ntag: SELECT 1"},
		{2, "SELECT '\n--- \n';", "---\n=== 7\ntag: SELECT 1"},
		{3, "SELECT 3;", ""},
	}
	path := filepath.Join(t.TempDir(), "a.out")
	if err := Write(path, cases); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, cases) {
		t.Errorf("got %#v", got)
	}
}

func TestCompareTellsFailuresFromKnownAndClosedGaps(t *testing.T) {
	recorded := []Case{{1, "a", "x"}, {2, "b", "x"}, {3, "c", "x"}, {4, "d", "x"}}
	got := []Case{{1, "a", "x"}, {2, "b", "y"}, {3, "c", "y"}, {4, "d", "x"}}
	o, err := Compare("f", recorded, got, Gaps{"f:3": "why", "f:4": "why"})
	if err != nil {
		t.Fatal(err)
	}
	if o.Passed != 1 || o.Known != 1 || len(o.Failed) != 1 || o.Failed[0].Key != "f:2" || !reflect.DeepEqual(o.Closed, []string{"f:4"}) {
		t.Errorf("got %+v", o)
	}
	if text := o.Failed[0].String(); !strings.Contains(text, "-x") || !strings.Contains(text, "+y") {
		t.Errorf("the difference shows %q", text)
	}
	if line := o.Failed[0].Line(); line != `f:2 gives "y" for "x"` {
		t.Errorf("the line is %s", line)
	}
	if _, err := Compare("f", recorded, got[:3], nil); err == nil {
		t.Error("a recording with more cases than the input passed")
	}
	got[0].Input = "changed"
	if _, err := Compare("f", recorded, got, nil); err == nil {
		t.Error("a recording of another input passed")
	}
}

func TestGapsNeedAReason(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gaps")
	for content, valid := range map[string]bool{"# none\n\n": true, "f:1 not there yet\n": true, "f:1\n": false, "f:1 a\nf:1 b\n": false} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadGaps(path); (err == nil) != valid {
			t.Errorf("%q: %v", content, err)
		}
	}
}
