package metrics

import "strings"

// verbs are the calls that foster makes, by method and path: * is a name or an
// ID, which may have slashes.
var verbs = map[string]string{
	"GET _ping":  "ping",
	"HEAD _ping": "ping",
	"GET events": "events",
	"GET info":   "info",

	"GET containers/json":       "container_list",
	"POST containers/create":    "container_create",
	"GET containers/*/json":     "container_inspect",
	"GET containers/*/logs":     "container_logs",
	"POST containers/*/start":   "container_start",
	"POST containers/*/stop":    "container_stop",
	"POST containers/*/kill":    "container_kill",
	"POST containers/*/pause":   "container_pause",
	"POST containers/*/unpause": "container_unpause",
	"POST containers/*/exec":    "exec_create",
	"PUT containers/*/archive":  "container_copy",
	"DELETE containers/*":       "container_remove",
	"GET exec/*/json":           "exec_inspect",

	"POST images/create": "image_pull",
	"GET images/*/json":  "image_inspect",

	"GET networks":               "network_list",
	"POST networks/create":       "network_create",
	"GET networks/*":             "network_inspect",
	"POST networks/*/connect":    "network_connect",
	"POST networks/*/disconnect": "network_disconnect",
	"DELETE networks/*":          "network_remove",

	"POST volumes/create": "volume_create",
	"GET volumes/*":       "volume_inspect",
	"DELETE volumes/*":    "volume_remove",

	"GET services":   "service_list",
	"GET services/*": "service_inspect",
}

// verb names a call; other when foster makes none like it. An engine may be
// reached below a path of a proxy's.
func verb(method, path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "v1.") && i+1 < len(parts) {
			parts = parts[i+1:]
			break
		}
	}
	object, last := parts[0], parts[len(parts)-1]
	if last == "_ping" { // the only one without a version
		parts = []string{last}
	}
	for _, shape := range []string{strings.Join(parts, "/"), object + "/*/" + last, object + "/*"} {
		if v, ok := verbs[method+" "+shape]; ok {
			return v
		}
	}
	return "other"
}
