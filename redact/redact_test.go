package redact

import "testing"

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"exit 7: no route": "exit 7: no route",
		"mount data: username=bob,password=hunter2,vers=3.0":         "mount data: username=bob,password=***,vers=3.0",
		`exec: "curl -f http://bob:hunter2@localhost/": not found`:   `exec: "curl -f http://***@localhost/": not found`,
		"Get https://r.example/v2/?token=hunter2&n=1: DB_PASS=a b":   "Get https://r.example/v2/?token=***&n=1: DB_PASS=*** b",
		"refused: Credentials=x PASSWD='hunter2' secret_token=abc\n": "refused: Credentials=*** PASSWD='***' secret_token=***\n",
		`{"user":"bob","db_password": "hun ter2","ok":1}`:            `{"user":"bob","db_password": "***","ok":1}`,
		"> Authorization: Bearer hunter2\r\n> Host: x, API-Key: abc": "> Authorization: Bearer ***\r\n> Host: x, API-Key: ***",
		"authorization: hunter2; Password:hunter2":                   "authorization: *** Password:***",
		"error getting credentials: exit status 1, token: expired":   "error getting credentials: exit status 1, token: expired",
		"bypass=1 compass=2":                           "bypass=*** compass=***",
		"mail to bob@example.org at http://r.example/": "mail to bob@example.org at http://r.example/",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
}
