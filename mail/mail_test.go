package mail_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/mail"
)

func TestLog(t *testing.T) {
	var log strings.Builder
	mailer := mail.Log(slog.New(slog.NewTextHandler(&log, nil)))
	message := mail.Message{To: "Ana@example.org", Subject: "Your password", Text: "token-1"}
	if err := mailer.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"to=Ana@example.org", `subject="Your password"`, "text=token-1"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log has no %s: %s", part, &log)
		}
	}
}

func TestLogEndsWithTheContext(t *testing.T) {
	var log strings.Builder
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := mail.Log(slog.New(slog.NewTextHandler(&log, nil))).Send(ctx, mail.Message{To: "ana@example.org", Text: "token-1"})
	if !errors.Is(err, context.Canceled) || log.Len() > 0 {
		t.Errorf("after its end: %v, logged %q", err, &log)
	}
}
