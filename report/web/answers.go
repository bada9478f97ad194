package web

import (
	"encoding/json"
	"net/http"
	"strconv"

	"foster/report"
)

// health: 200 as long as Swarm shall leave the task alone.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	v := s.board.Health()
	verdict(w, v, v.Healthy)
}

// ready: 200 when every child is whole, or has completed.
func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	v := s.board.Health()
	verdict(w, v, v.Ready)
}

func verdict(w http.ResponseWriter, v report.Verdict, good bool) {
	code := http.StatusOK
	if !good {
		code = http.StatusServiceUnavailable
	}
	line(w, code, v.State+": "+v.Reason)
}

// line answers with one line of text.
func line(w http.ResponseWriter, code int, text string) {
	answer(w, code, "text/plain; charset=utf-8", []byte(text+"\n"))
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "application/json", append(document(s.board.Status(true)), '\n'))
}

func answer(w http.ResponseWriter, code int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that went away needs no answer
}

// document is a Status or an Entry in one line.
func document(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("encode a report: " + err.Error()) // they have strings, numbers and times only
	}
	return b
}
