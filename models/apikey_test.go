package models_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
)

func noon() time.Time { return time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC) }

// The expiration date is the first instant at which the key is refused: a key
// that is to last until noon is no good at noon.
func TestStatus(t *testing.T) {
	kathmandu := time.FixedZone("Kathmandu", 20_700)
	before, after := noon().Add(-time.Nanosecond), noon().Add(time.Nanosecond)
	for name, c := range map[string]struct {
		expiration, revocation, now time.Time
		want                        models.Status
	}{
		"never expires":                        {time.Time{}, time.Time{}, noon().AddDate(900, 0, 0), models.StatusActive},
		"never expires, and no clock":          {time.Time{}, time.Time{}, time.Time{}, models.StatusActive},
		"long before the expiration":           {noon(), time.Time{}, noon().AddDate(0, 0, -9), models.StatusActive},
		"just before the expiration":           {noon(), time.Time{}, before, models.StatusActive},
		"at the expiration":                    {noon(), time.Time{}, noon(), models.StatusExpired},
		"at the expiration, in another zone":   {noon(), time.Time{}, noon().In(kathmandu), models.StatusExpired},
		"before the expiration, in a zone":     {noon().In(kathmandu), time.Time{}, before, models.StatusActive},
		"just after the expiration":            {noon(), time.Time{}, after, models.StatusExpired},
		"long after the expiration":            {noon(), time.Time{}, noon().AddDate(900, 0, 0), models.StatusExpired},
		"expired in 1970":                      {time.Unix(0, 1), time.Time{}, noon(), models.StatusExpired},
		"revoked, never expires":               {time.Time{}, noon(), after, models.StatusRevoked},
		"revoked before the expiration":        {noon(), before, before, models.StatusRevoked},
		"revoked and expired":                  {before, before, noon(), models.StatusRevoked},
		"expired before it was revoked":        {before, noon(), after, models.StatusRevoked},
		"revoked by a clock that is ahead":     {time.Time{}, after, before, models.StatusRevoked},
		"not revoked: zero in a zone":          {time.Time{}.In(kathmandu), time.Time{}.In(kathmandu), noon(), models.StatusActive},
		"revoked in the first second of a day": {time.Time{}, time.Time{}.Add(time.Second), noon(), models.StatusRevoked},
	} {
		key := models.APIKey{ExpirationDate: c.expiration, RevocationDate: c.revocation}
		if got := key.Status(c.now); got != c.want {
			t.Errorf("%s: the key is %s, want %s", name, got, c.want)
		}
		if key.NeverExpires() != c.expiration.IsZero() || key.IsRevoked() != !c.revocation.IsZero() {
			t.Errorf("%s: NeverExpires is %t and IsRevoked %t", name, key.NeverExpires(), key.IsRevoked())
		}
	}
}

// The keys of a disabled user are refused whatever their dates, and what a
// renewal alone would not bring back is told first.
func TestStatusOfDisabledUsersKeys(t *testing.T) {
	for name, c := range map[string]struct {
		key  models.APIKey
		want models.Status
	}{
		"active":  {models.APIKey{DisabledDate: noon()}, models.StatusDisabled},
		"expired": {models.APIKey{DisabledDate: noon(), ExpirationDate: noon()}, models.StatusDisabled},
		"revoked": {models.APIKey{DisabledDate: noon(), RevocationDate: noon()}, models.StatusRevoked},
	} {
		if got := c.key.Status(noon()); got != c.want {
			t.Errorf("an %s key of a disabled user is %s, want %s", name, got, c.want)
		}
	}
}

// A record that becomes JSON by accident must not give away a secret that opens
// a door or identifies one.
func TestJSONHoldsNoSecret(t *testing.T) {
	for _, record := range []any{
		models.APIKey{ID: "id", Hash: []byte("hidden-hash"), Version: 7654321},
		models.User{
			ID: "id", PasswordHash: "hidden", CanonicalUsername: "hidden", CanonicalEmail: "hidden",
			Version: 7654321,
		},
		models.Token{Hash: []byte("hidden-hash"), UserID: "hidden", CanonicalEmail: "hidden"},
	} {
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"hidden", "aGlkZGVu", "7654321", "ash", "anonical"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds %q", text, secret)
			}
		}
	}
}

// A date that is not set is left out, not given as the year 1.
func TestJSONLeavesOutZeroDates(t *testing.T) {
	text, err := json.Marshal(models.APIKey{CreationDate: noon()})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "0001-01-01") || strings.Contains(string(text), "revocation_date") {
		t.Errorf("a key that never expires becomes %s", text)
	}
	if !strings.Contains(string(text), `"creation_date":"2026-07-01T12:00:00Z"`) {
		t.Errorf("the creation date is missing in %s", text)
	}
}

// The tables live in the application's database, beside its own.
func TestTablesHavePrefix(t *testing.T) {
	for _, table := range []string{
		models.APIKey{}.TableName(), models.User{}.TableName(), models.Usage{}.TableName(), models.Change{}.TableName(),
		models.Token{}.TableName(),
	} {
		if !strings.HasPrefix(table, "ginauth_") {
			t.Errorf("a table is called %s", table)
		}
	}
}
