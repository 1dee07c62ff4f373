package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
)

// population is how much a database is filled with. The rows are made by the database,
// in minutes.
type population struct {
	keys, users, days int
	// perDay is how many rows of usage each day has.
	perDay int
}

func newPopulation(keys, rows int) population {
	const days = 30
	return population{keys: keys, users: max(1, keys/4), days: days, perDay: rows / days}
}

// fill makes the rows. Of a hundred keys three are deleted, five revoked, twelve expired and two disabled, with
// their users. Each second key is a user's, and one in a thousand has a name of its own.
func (p population) fill(ctx context.Context, db *gorm.DB) error {
	now := time.Now().UnixMilli()
	day := time.Now().UTC().Truncate(24 * time.Hour).UnixMilli()
	d := dialect(db.Name())
	db = db.WithContext(ctx)
	if err := enlargeCache(db); err != nil {
		return err
	}
	words := strings.NewReplacer(
		"$KEYS", fmt.Sprint(p.keys), "$USERS", fmt.Sprint(p.users), "$NOW", fmt.Sprint(now), "$DAY", fmt.Sprint(day), "$PERDAY", fmt.Sprint(p.perDay),
		"$ID(k)", d.id("i", "0001"), "$ID(u)", d.id("(i % $USERS) + 1", "0002"), "$ID(x)", d.id("((i * 7919) % $KEYS) + 1", "0001"),
		"$UID", d.id("i", "0002"), "$XUSER", d.id("((((i * 7919) % $KEYS) + 1) % $USERS) + 1", "0002"), "$HASH", d.hash,
		"$TEXT(i)", d.text("i"), "$TEXT(i % 1000)", d.text("i % 1000"), "$TEXT(i % 3)", d.text("i % 3"), "$TEXT(i / 100)", d.text(d.div("i", 100)),
		"$CONCAT(", d.concat, "$|", d.join, "$)", d.end,
	)
	for _, statement := range p.statements() {
		statement = words.Replace(words.Replace(statement))
		for name, n := range map[string]int{"$N(keys)": p.keys, "$N(users)": p.users, "$N(rows)": p.perDay} {
			statement = strings.ReplaceAll(statement, name, d.numbers(n))
		}
		if err := db.Exec(statement).Error; err != nil {
			return fmt.Errorf("filling: %w", err)
		}
	}
	return nil
}

func (p population) statements() []string {
	statements := []string{
		`INSERT INTO ginauth_users (id, username, canonical_username, email, canonical_email, password_hash, creation_date, change_date, disabled_date, confirmation_date, version)
			SELECT $UID, $CONCAT('user-' $| $TEXT(i) $), $CONCAT('user-' $| $TEXT(i) $), $CONCAT('user-' $| $TEXT(i) $| '@example.org' $), $CONCAT('user-' $| $TEXT(i) $| '@example.org' $),
			'x', $NOW, $NOW, CASE WHEN i % 50 = 7 THEN $NOW ELSE 0 END, CASE WHEN i % 10 = 0 THEN 0 ELSE $NOW END, 1 FROM $N(users)`,
		`INSERT INTO ginauth_keys (id, hash, hint, name, user_id, creation_date, expiration_date, revocation_date, version, issued_by, end_date, status)
			SELECT $ID(k), $HASH, $CONCAT('ga_' $| $TEXT(i) $), CASE WHEN i % 1000 = 1 THEN $CONCAT('rare-' $| $TEXT(i) $) ELSE $CONCAT('job-' $| $TEXT(i % 1000) $) END,
			CASE WHEN i % 2 = 0 THEN $ID(u) ELSE NULL END, $NOW - 86400000 - ($KEYS - i) * 1000,
			CASE WHEN i % 100 < 20 THEN $NOW - (i % 1000) * 100000 ELSE $NOW + 86400000 + i * 1000 END, CASE WHEN i % 100 < 8 THEN $NOW ELSE 0 END, 1,
			CASE WHEN i % 2 = 0 THEN 'admin' ELSE 'application' END,
			CASE WHEN i % 100 < 20 THEN $NOW - (i % 1000) * 100000 ELSE $NOW + 86400000 + i * 1000 END,
			CASE WHEN i % 100 < 8 THEN 3 WHEN i % 2 = 0 AND ((i % $USERS) + 1) % 50 = 7 THEN 4 WHEN i % 100 < 20 THEN 2 ELSE 1 END FROM $N(keys)`,
		`INSERT INTO ginauth_usage (key_id, total_queries, latest_query_date, status)
			SELECT k.id, 1, k.creation_date, k.status FROM ginauth_keys AS k`,
		`UPDATE ginauth_usage SET status = 0 WHERE key_id IN (SELECT k.id FROM ginauth_keys AS k WHERE k.hint LIKE '%00' OR k.hint LIKE '%01' OR k.hint LIKE '%02')`,
		`DELETE FROM ginauth_keys WHERE hint LIKE '%00' OR hint LIKE '%01' OR hint LIKE '%02'`,
	}
	for day := range p.days {
		for _, table := range []string{"days", "hours"} {
			if table == "hours" && day > 0 {
				continue
			}
			statements = append(statements, fmt.Sprintf(`INSERT INTO ginauth_usage_%s (date, key_id, route, user_id, total_queries)
				SELECT $DAY - %d, $ID(x), $CONCAT('/route/' $| $TEXT(i %% 3) $), CASE WHEN (((i * 7919) %% $KEYS) + 1) %% 2 = 0 THEN $XUSER ELSE '' END, 1 + i %% 10
				FROM $N(rows)`, table, int64(day)*(24*time.Hour).Milliseconds()))
		}
	}
	return append(statements,
		`INSERT INTO ginauth_usage_day_routes (date, route, total_queries) SELECT date, route, SUM(total_queries) FROM ginauth_usage_days GROUP BY date, route`,
		`INSERT INTO ginauth_usage_day_users (date, user_id, total_queries) SELECT date, user_id, SUM(total_queries) FROM ginauth_usage_days GROUP BY date, user_id`,
	)
}

// speech is how a database says what all of them know.
type speech struct {
	numbers           func(n int) string
	id                func(number, kind string) string
	text              func(number string) string
	div               func(number string, by int) string
	hash              string
	concat, join, end string
}

func dialect(name string) speech {
	switch name {
	case "postgres":
		return speech{
			func(n int) string { return fmt.Sprintf("generate_series(1::bigint, %d) AS n(i)", n) },
			func(number, kind string) string {
				return "lpad(to_hex(" + number + "), 8, '0') || '-" + kind + "-7000-8000-000000000000'"
			},
			func(number string) string { return "(" + number + ")::text" },
			func(number string, by int) string { return fmt.Sprintf("%s / %d", number, by) },
			"sha256(i::text::bytea)", "(", "||", ")",
		}
	case "mysql":
		return speech{
			func(n int) string { return fmt.Sprintf("(SELECT seq AS i FROM seq_1_to_%d) AS n", n) },
			func(number, kind string) string {
				return "CONCAT(LPAD(LOWER(HEX(" + number + ")), 8, '0'), '-" + kind + "-7000-8000-000000000000')"
			},
			func(number string) string { return "CAST(" + number + " AS CHAR)" },
			func(number string, by int) string { return fmt.Sprintf("%s DIV %d", number, by) },
			"UNHEX(SHA2(CAST(i AS CHAR), 256))", "CONCAT(", ",", ")",
		}
	default:
		return speech{
			func(n int) string {
				return fmt.Sprintf("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n) AS n", n)
			},
			func(number, kind string) string {
				return "printf('%08x-" + kind + "-7000-8000-000000000000', " + number + ")"
			},
			func(number string) string { return "(" + number + ")" },
			func(number string, by int) string { return fmt.Sprintf("%s / %d", number, by) },
			"randomblob(32)", "(", "||", ")",
		}
	}
}
