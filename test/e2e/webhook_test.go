package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// notification is what a foster posts, as far as it is looked at here.
type notification struct {
	Kind, Project, Child, Cause, Did, ID string
	DownMS                               float64 `json:"down_ms"`
}

// TestNotifications: each fault and each recovery is posted once and in order,
// also when the server first refuses; the address is in no line of the log.
func TestNotifications(t *testing.T) {
	t.Parallel()
	got := make(chan notification, 16)
	var refused atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if !refused.Swap(true) {
			answer.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var n notification
		if err := json.Unmarshal(raw, &n); err != nil {
			t.Errorf("%v in %s", err, raw)
		}
		got <- n
	}))
	defer server.Close()

	w := newWorld(t, plainEngine(t))
	f := w.foster("LAUNCH_NETWORKS=front", "FOSTER_WEBHOOK_URL="+server.URL+"/s3cret")
	want := wanted(w.net("front"))
	before := w.awaitWhole(want)
	f.awaitSaid("launched")
	w.docker("kill", before.ID)
	before = w.awaitWhole(want, newer(before))
	w.docker("network", "disconnect", w.net("front"), before.ID)
	var all []notification
	for len(all) < 4 {
		select {
		case n := <-got:
			all = append(all, n)
		case <-time.After(time.Minute):
			t.Fatalf("no more than %v within a minute", all)
		}
	}
	f.stop()
	w.nothingLeft()
	for i, want := range []notification{
		{Kind: "fault", Cause: "died"},
		{Kind: "recovered", Cause: "died", Did: "recreated"},
		{Kind: "fault", Cause: "disconnected"},
		{Kind: "recovered", Cause: "disconnected", Did: "reattached"},
	} {
		n := all[i]
		if n.Kind != want.Kind || n.Cause != want.Cause || n.Did != want.Did || n.Project != w.project || n.Child != childName {
			t.Errorf("notification %d is %+v, want %+v", i, n, want)
		}
		if (n.DownMS > 0) != (n.Kind == "recovered") {
			t.Errorf("notification %d says %v ms", i, n.DownMS)
		}
	}
	if len(got) > 0 {
		t.Errorf("one more: %+v", <-got)
	}
	if strings.Contains(f.log(), "s3cret") {
		t.Error("the log has the address")
	}
}
