package actions

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"foster/state"
)

func TestRemoveVolume(t *testing.T) {
	name := strings.Repeat("ab", 32)
	for _, tc := range []struct {
		name  string
		err   error
		class state.Class
		words string
	}{
		{"removed", nil, state.OK, ""},
		{"not there", notFound("get x: no such volume"), state.OK, ""},
		{"in use", conflict("remove x: volume is in use - [c9]"), state.Transient, "anonymous volume"},
		{"engine trouble", internal("boom"), state.Transient, "anonymous volume"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &stub{t: t, volRemove: func(_ context.Context, got string) error {
					if got != name {
						t.Errorf("removes %s", got)
					}
					return tc.err
				}}
				check(t, run(t, e, project()).done(t, state.RemoveVolume{Op: 1, Volume: name}), tc.class, "", tc.words)
				if told := e.told(); !strings.Contains(told, "force=false") {
					t.Errorf("calls: %s: by force it would be taken from a plugin's user", told)
				}
			})
		})
	}
}
