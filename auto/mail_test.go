package auto_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/internal/test/testsmtp"
	"github.com/ginauth/ginauth/mail"
)

const logsTokens = "the log holds tokens"

// A variable of mail that cannot be understood, or that needs something
// that is not set, stops the start.
func TestNonsenseAboutAccounts(t *testing.T) {
	const mailer, from, public = "GINAUTH_MAILER=smtp://ada:hunter2@mail.example.org", "GINAUTH_MAIL_FROM=noreply@example.org", "GINAUTH_PUBLIC_URL=https://example.org"
	for _, test := range []struct {
		names string
		set   []string
	}{
		{"GINAUTH_MAILER", []string{"GINAUTH_MAILER="}},
		{"GINAUTH_MAILER", []string{"GINAUTH_MAILER=LOG", public}},
		{"GINAUTH_MAILER", []string{"GINAUTH_MAILER=hunter2", from, public}},
		{"GINAUTH_MAILER", []string{"GINAUTH_MAILER=https://ada:hunter2@mail.example.org", from, public}},
		{"GINAUTH_MAILER", []string{"GINAUTH_MAILER=smtp://ada:hunter2@", from, public}},
		{"GINAUTH_MAILER", []string{"GINAUTH_MAILER=smtp://:hunter2@mail.example.org", from, public}},
		{"GINAUTH_MAILER", []string{"GINAUTH_MAILER=smtp://ada:hunter2#x@mail.example.org", from, public}},
		{"GINAUTH_MAILER", []string{"GINAUTH_MAILER=smtp://ada:hunter2@mail.example.org:99999", from, public}},
		{"GINAUTH_MAIL_FROM", []string{mailer, public}},
		{"GINAUTH_MAIL_FROM", []string{mailer, public, "GINAUTH_MAIL_FROM="}},
		{"GINAUTH_MAIL_FROM", []string{mailer, public, "GINAUTH_MAIL_FROM=hunter2"}},
		{"GINAUTH_MAIL_FROM", []string{"GINAUTH_MAIL_FROM=two@example.org, hunter2@example.org"}},
		{"GINAUTH_PUBLIC_URL", []string{mailer, from}},
		{"GINAUTH_PUBLIC_URL", []string{"GINAUTH_MAILER=log"}},
		{"GINAUTH_PUBLIC_URL", []string{"GINAUTH_PUBLIC_URL="}},
		{"GINAUTH_PUBLIC_URL", []string{"GINAUTH_PUBLIC_URL=example.org"}},
		{"GINAUTH_PUBLIC_URL", []string{"GINAUTH_PUBLIC_URL=ftp://example.org"}},
		{"GINAUTH_PUBLIC_URL", []string{"GINAUTH_PUBLIC_URL=https://ada:hunter2@example.org"}},
		{"GINAUTH_PUBLIC_URL", []string{"GINAUTH_PUBLIC_URL=https://example.org?hunter2"}},
		{"GINAUTH_REQUIRE_CONFIRMED_EMAIL", []string{"GINAUTH_REQUIRE_CONFIRMED_EMAIL="}},
		{"GINAUTH_REQUIRE_CONFIRMED_EMAIL", []string{"GINAUTH_REQUIRE_CONFIRMED_EMAIL=hunter2"}},
		{"GINAUTH_REQUIRE_CONFIRMED_EMAIL", []string{"GINAUTH_REQUIRE_CONFIRMED_EMAIL=true"}},
		{"GINAUTH_HASH_MEMORY", []string{"GINAUTH_HASH_MEMORY="}},
		{"GINAUTH_HASH_MEMORY", []string{"GINAUTH_HASH_MEMORY=39"}},
		{"GINAUTH_HASH_MEMORY", []string{"GINAUTH_HASH_MEMORY=128M"}},
		{"GINAUTH_HASH_MEMORY", []string{"GINAUTH_HASH_MEMORY=1000001"}},
		{"GINAUTH_CHECK_MX", []string{"GINAUTH_CHECK_MX="}},
		{"GINAUTH_CHECK_MX", []string{"GINAUTH_CHECK_MX=hunter2"}},
	} {
		t.Run(strings.Join(test.set, " "), func(t *testing.T) {
			clean(t)
			setenv(t, test.set...)
			expectRefusal(t, test.names, "hunter2")
		})
	}
}

// configured returns the configuration that New makes of variables, and the
// log.
func configured(t *testing.T, variables ...string) (config ginauth.Config, log string) {
	t.Helper()
	clean(t)
	setenv(t, append(variables, "GINAUTH_SECRET="+secret)...)
	_, output, err := start(t, func(c *ginauth.Config) { config = *c })
	if err != nil {
		t.Fatal(err)
	}
	return config, output.String()
}

func TestAccountsUnlessTold(t *testing.T) {
	config, log := configured(t)
	if config.Mailer != nil || config.PublicURL != "" || config.RequireConfirmedEmail || config.Resolver != nil || config.HashMemory != ginauth.DefaultHashMemory {
		t.Errorf("without a variable it is %+v", config)
	}
	if strings.Contains(log, "level=WARN") {
		t.Errorf("it logs %s", log)
	}
}

func TestVariablesOfAccounts(t *testing.T) {
	config, log := configured(t, "GINAUTH_MAILER=smtps://ada:hunter2@mail.example.org", "GINAUTH_MAIL_FROM=Example <noreply@example.org>",
		"GINAUTH_PUBLIC_URL=https://example.org/app", "GINAUTH_REQUIRE_CONFIRMED_EMAIL=true", "GINAUTH_HASH_MEMORY=40", "GINAUTH_CHECK_MX=true")
	if config.Mailer == nil || config.PublicURL != "https://example.org/app" || !config.RequireConfirmedEmail ||
		config.Resolver != net.DefaultResolver || config.HashMemory != 40 {
		t.Errorf("it is %+v", config)
	}
	if strings.Contains(log, "level=WARN") {
		t.Errorf("it logs %s", log)
	}
}

// The logging mailer is used where it is asked for or under
// DEV_MODE, with a warning, and nowhere else.
func TestLoggingMailer(t *testing.T) {
	const public = "GINAUTH_PUBLIC_URL=https://example.org"
	const server = "GINAUTH_MAILER=smtp://localhost"
	for _, test := range []struct {
		set    []string
		public string
		warns  bool
	}{
		{[]string{"GINAUTH_MAILER=log", public}, "https://example.org", true},
		{[]string{"DEV_MODE=true"}, "http://localhost:8080", true},
		{[]string{"DEV_MODE=true", public}, "https://example.org", true},
		{[]string{"DEV_MODE=true", server, "GINAUTH_MAIL_FROM=noreply@example.org"}, "http://localhost:8080", false},
		{[]string{public}, "https://example.org", false},
		{[]string{"DEV_MODE=false", public, server, "GINAUTH_MAIL_FROM=noreply@example.org"}, "https://example.org", false},
	} {
		config, log := configured(t, test.set...)
		if config.PublicURL != test.public || strings.Contains(log, logsTokens) != test.warns {
			t.Errorf("with %v links begin with %s, and it logs %s", test.set, config.PublicURL, log)
		}
	}
}

// A mailer in code needs no GINAUTH_MAILER, and wins over it.
func TestMailerInCode(t *testing.T) {
	clean(t)
	setenv(t, "GINAUTH_SECRET="+secret, "GINAUTH_REQUIRE_CONFIRMED_EMAIL=true", "DEV_MODE=true")
	server := testsmtp.Start(t, testsmtp.Options{})
	_, log, err := start(t, func(c *ginauth.Config) { c.Mailer = mail.Log(c.Logger) })
	if err != nil || strings.Contains(log.String(), logsTokens) || server.Connections() > 0 {
		t.Errorf("%v, and it logs %s", err, log)
	}
}

// The first call of a user is answered by a mail, over the server that the
// environment names or in the log.
func TestMailIsSent(t *testing.T) {
	server := testsmtp.Start(t, testsmtp.Options{})
	for _, mailer := range []string{"smtp://ada:hunter2@" + server.Addr, "log"} {
		clean(t)
		setenv(t, "GINAUTH_SECRET="+secret, "GINAUTH_MAILER="+mailer, "GINAUTH_MAIL_FROM=noreply@example.org",
			"GINAUTH_PUBLIC_URL=https://example.org/app", "GINAUTH_REQUIRE_CONFIRMED_EMAIL=true")
		auth, log, err := start(t)
		if err != nil {
			t.Fatal(err)
		}
		code, body := postAccount(auth, "/new", secret, `{"username":"ada","email":"ada@example.com","password":"Analytical-1_Engine"}`)
		if code != http.StatusForbidden || !strings.Contains(body, "email_unconfirmed") {
			t.Fatalf("/new answers %d: %s", code, body)
		}
		if err := auth.Close(); err != nil {
			t.Error(err)
		}
		text := log.String()
		if mailer != "log" {
			text = server.Next(t).Text
		}
		if !strings.Contains(text, "https://example.org/app/account/confirm#") {
			t.Errorf("by %s comes %s", mailer, text)
		}
	}
}
