package spec

import "encoding/json"

// checkLogin looks at the registry variables. A login that is not complete is
// not used, as in swarm-launcher, and said so.
func (in *input) checkLogin() {
	if text, ok := in.Env.Lookup("DOCKER_AUTH_CONFIG"); ok {
		var config struct {
			Auths       map[string]json.RawMessage `json:"auths"`
			CredHelpers map[string]string          `json:"credHelpers"`
			CredsStore  string                     `json:"credsStore"`
		}
		if err := json.Unmarshal([]byte(text), &config); err != nil {
			in.problems = append(in.problems, Problem{in.Env.Origin("DOCKER_AUTH_CONFIG"), Redacted, "not the JSON of a config.json", `write {"auths": {"registry": {"auth": "…"}}}`})
		} else if len(config.Auths) == 0 && len(config.CredHelpers) == 0 && config.CredsStore == "" {
			in.warnings = append(in.warnings, in.Env.Origin("DOCKER_AUTH_CONFIG")+" has no auths, credHelpers or credsStore in it")
		}
	}
	user, password := in.Env.Get("LOGIN_USER") != "", in.Env.Get("LOGIN_PASSWORD") != ""
	switch {
	case user && !password && !in.Env.Broken("LOGIN_PASSWORD"):
		in.warnings = append(in.warnings, in.Env.Origin("LOGIN_USER")+" is set without LOGIN_PASSWORD, there is no login")
	case password && !user && !in.Env.Broken("LOGIN_USER"):
		in.warnings = append(in.warnings, in.Env.Origin("LOGIN_PASSWORD")+" is set without LOGIN_USER, there is no login")
	}
}

func (in *input) login() Login {
	return Login{
		AuthConfig: in.Env.Get("DOCKER_AUTH_CONFIG"),
		User:       in.Env.Get("LOGIN_USER"),
		Password:   in.Env.Get("LOGIN_PASSWORD"),
		Registry:   in.Env.Get("LOGIN_REGISTRY"),
	}
}

// secrets are the values that came as secrets: by name, or from files.
func (in *input) secrets() []string {
	var out []string
	for _, name := range in.Env.Names() {
		value := in.Env.Get(name)
		if (name == "LOGIN_PASSWORD" || name == "DOCKER_AUTH_CONFIG") && len(value) >= 4 {
			out = append(out, value)
		}
	}
	return out
}
