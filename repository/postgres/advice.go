package postgres

import "gorm.io/gorm"

// leastStatementTimeout is the least time in milliseconds that statements
// should have, behind a pooler, where ginauth cannot lift the limit for reads.
const leastStatementTimeout = 5000

// settings are those of a server that advise looks at.
type settings struct {
	Fsync, FullPageWrites bool
	StatementTimeout      int64
}

// advise returns what settings of the server put at risk.
func advise(db *gorm.DB, pooled bool) (warnings []string, err error) {
	var s settings
	err = db.Raw(`SELECT current_setting('fsync')::bool AS fsync, current_setting('full_page_writes')::bool AS full_page_writes,
		(SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout`).Scan(&s).Error
	if err != nil {
		return nil, err
	}
	if !s.Fsync {
		warnings = append(warnings, "PostgreSQL runs with fsync=off: when its machine crashes, the database may be destroyed, and revocations that were acknowledged are lost; set fsync=on")
	}
	if !s.FullPageWrites {
		warnings = append(warnings, "PostgreSQL runs with full_page_writes=off: when its machine crashes, pages may be torn, and keys and revocations are lost; set full_page_writes=on")
	}
	if pooled && s.StatementTimeout > 0 && s.StatementTimeout < leastStatementTimeout {
		warnings = append(warnings, "statement_timeout of the role or database is below 5 s, and the connection pooler keeps ginauth from lifting it: keys that are not in memory may be answered 503; set it to 0 or more")
	}
	return warnings, nil
}
