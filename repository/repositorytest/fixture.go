package repositorytest

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// hour returns a time of the day on which the suite plays; no test depends on
// the real one.
func hour(n int) time.Time {
	return time.Date(2026, time.July, 1, n, 0, 0, 0, time.UTC)
}

// act is a change by the actor whom most tests do not care about.
func attribution() repository.Attribution { return actAt(hour(1)) }

func actAt(date time.Time) repository.Attribution {
	return repository.Attribution{Actor: "admin", At: date}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// newKey makes a service key that is unlike any other.
func newKey() models.APIKey { return keyWithID(newID()) }

func keyWithID(id string) models.APIKey {
	hash := sha256.Sum256([]byte(id))
	return models.APIKey{
		ID: id, Hash: hash[:], Hint: "ga_1a2b3c", Name: "billing", IssuedBy: "admin",
		CreationDate: hour(0), ExpirationDate: hour(12), Version: 1,
	}
}

// newKeyFor makes a key for the user.
func newKeyFor(user models.User) models.APIKey {
	key := newKey()
	key.UserID, key.Username, key.UserVersion = user.ID, user.Username, 1
	return key
}

// newUser makes a user whose typed name and address are not the canonical
// ones, so that a test notices where one is taken for the other.
func newUser(canonical string) models.User {
	return models.User{
		ID:                newID(),
		Username:          "Typed-" + canonical,
		Email:             "Typed-" + canonical + "@Example.org",
		CanonicalUsername: canonical,
		CanonicalEmail:    canonical + "@example.org",
		PasswordHash:      "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
		CreationDate:      hour(0),
		ChangeDate:        hour(0),
		Version:           1,
	}
}

// newFlush makes a node's flush in which each key was used once.
func newFlush(node string, number int64, keyIDs ...string) repository.Flush {
	flush := repository.Flush{Node: node, Number: number}
	for _, id := range keyIDs {
		flush.Usages = append(flush.Usages, models.Usage{KeyID: id, TotalQueries: 1, LatestQueryDate: hour(2)})
	}
	return flush
}

// wholeList is a page that holds all that most tests have.
func wholeList() repository.Page {
	return repository.Page{Sort: repository.SortID, Ascending: true, Limit: repository.MaxLimit}
}
