package auto

//go:generate go run ../internal/configdoc -source variables.go -template ../.env.example -document ../docs/configuration.md

// environment has a field for each variable. The comments are what .env.example
// and docs/configuration.md say of it; the tag example is a value that they show.
type environment struct {
	// The admin secret, or two separated by a comma (current, previous) while it
	// is being rotated: printable ASCII without commas. Fewer than 32 characters
	// are warned about. If it is not set, one is generated at each start and
	// logged. A good one: openssl rand -base64 32.
	Secret secrets

	// A file with the admin secret in place of GINAUTH_SECRET, such as a mounted
	// secret. A line break at its end is not a part of it.
	SecretFile text `split_words:"true" example:"/run/secrets/ginauth"`

	// Leave the calls of ginauth out of /docs (true or false). This hides and does not
	// protect: they are still served.
	HideDocs boolean `split_words:"true"`

	// Days until a new or renewed key expires, 1 to 36500.
	AutomaticExpiration days `split_words:"true" default:"15"`

	// How many keys a user may have that are neither revoked nor deleted, 1 to
	// 100000000.
	MaxKeysPerUser size `split_words:"true" default:"100"`

	// Days for which a user's key is valid at most, from when it is issued or
	// renewed, 1 to 36500. Not set, there is no limit. Administrators' renewals
	// and keys of services are free of it.
	MaxLifetime days `split_words:"true"`

	// The SQLite file. Its folder must exist, on a local file system.
	DBLocation text `split_words:"true" default:"sqlite.db"`

	// true: take an SQLite file that others than this process's user and root may
	// write, or whose folder they may. They can put keys into it.
	DBAllowShared boolean `split_words:"true"`

	// The database: sqlite, postgres, mysql (MySQL and MariaDB) or mongodb. Not set,
	// URI says it, and without that it is sqlite. Both must agree.
	DatabaseMode mode `envconfig:"DATABASE_MODE" example:"sqlite"`

	// Where a database other than sqlite is. The default depends on the mode:
	// postgresql://postgres:postgres@localhost:5432/postgres,
	// mysql://root:mysql@localhost:3306/ginauth,
	// mongodb://localhost:27017/ginauth. The database must exist (MongoDB makes
	// it).
	URI uri `envconfig:"URI" example:"postgresql://postgres:postgres@localhost:5432/postgres"`

	// A file with what would be in URI.
	URIFile text `envconfig:"URI_FILE" example:"/run/secrets/database"`

	// true: use the SQLite file whatever DATABASE_MODE says, and log mail unless
	// GINAUTH_MAILER is set, each with a warning.
	DevMode boolean `envconfig:"DEV_MODE"`

	// How many keys are kept in memory once they were used, 1 to 100000000; each
	// takes about 300 bytes.
	CacheSize size `split_words:"true" default:"1000000"`

	// How long a key in memory is served before it is reloaded, 2s to 24h.
	CacheMaxAge duration `split_words:"true" default:"5m"`

	// How long keys in memory are served while the database cannot say what has
	// changed, 2s to 24h. After that they are answered 503.
	StaleLimit duration `split_words:"true" default:"30s"`

	// How many connections to the database a process has at most, 2 to 1000. Calls
	// wait for one while all are taken. Not set, it is 18 on PostgreSQL and MySQL,
	// 10 or more on SQLite, and the URI's maxPoolSize on MongoDB.
	MaxConnections count `split_words:"true" example:"18"`

	// Days for which usage is kept by hour, 1 to 36500. From then on it is kept by
	// day.
	UsageRollupAfter days `split_words:"true" default:"90"`

	// Days after which usage is deleted but for each key's total, at most 36500.
	// It must be more than GINAUTH_USAGE_ROLLUP_AFTER.
	UsageDeleteAfter days `split_words:"true" default:"400"`

	// Count usage by route (true or false). Without routes there is one row for each
	// key, hour and day.
	UsageRoutes boolean `split_words:"true" default:"true"`

	// The networks and addresses of the proxies in front of the application,
	// separated by commas. Behind them a client's address is taken from
	// X-Forwarded-For. Not set, it is the connection's. Limits and audit records
	// go by it.
	TrustedProxies proxies `split_words:"true" example:"10.0.0.0/8,192.0.2.7"`

	// How keys begin, so that a leaked one is recognised: 1 to 16 ASCII letters and
	// digits, with underscores between them if you like, as in sk_live. Not set, it is
	// ga.
	KeyPrefix keyPrefix `split_words:"true" example:"acme"`

	// Former prefixes, separated by commas. Keys that begin with one stay valid.
	RetiredKeyPrefixes keyPrefixes `split_words:"true" example:"ga"`

	// The mail server that sends the links with which addresses are confirmed and
	// forgotten passwords replaced: smtp://user:password@host:587 (STARTTLS),
	// smtps://user:password@host:465 (TLS), or log, which sends nothing and logs
	// the links. Not set, those calls are not there. In a password, # is %23.
	Mailer mailURL `split_words:"true"`

	// A file with what would be in GINAUTH_MAILER.
	MailerFile text `split_words:"true" example:"/run/secrets/mailer"`

	// The sender of mail; required with a mail server.
	MailFrom mailFrom `split_words:"true" example:"Example <noreply@example.org>"`

	// Where people reach the application; links in mails begin with it. Required
	// with GINAUTH_MAILER; under DEV_MODE, http://localhost:8080 unless set.
	PublicURL publicURL `split_words:"true" example:"https://example.org"`

	// true: no key for users until their address is confirmed. Needs
	// GINAUTH_MAILER.
	RequireConfirmedEmail boolean `split_words:"true"`

	// The memory in which passwords are hashed at once, in MiB, 40 to 1000000.
	// Each takes 19. With memory that Go has not collected yet, the process takes
	// two to three times as much.
	HashMemory mebibytes `split_words:"true" default:"128"`

	// true: refuse new addresses to whose domain no mail can be sent, by asking
	// DNS. A look-up that fails refuses nothing.
	CheckMX boolean `split_words:"true"`
}
