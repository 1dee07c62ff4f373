package testdatabase

import (
	"net/url"
	"testing"
)

// A test's database is found by the members, the options and the account of the URI
// that names the server.
func TestURIsOfMongoDB(t *testing.T) {
	for at, want := range map[string]string{
		"mongodb://a:1/ginauth":                                     "mongodb://a:1/x",
		"mongodb://a:1,b:2,c:3/?replicaSet=rs0":                     "mongodb://a:1,b:2,c:3/x?replicaSet=rs0",
		"mongodb://ana:pw@a:1,b:2/admin?replicaSet=rs0":             "mongodb://ana:pw@a:1,b:2/x?authSource=admin&replicaSet=rs0",
		"mongodb://ana:pw@a:1/admin?authSource=users&replicaSet=rs": "mongodb://ana:pw@a:1/x?authSource=users&replicaSet=rs",
		"mongodb://ana:pw@a:1/":                                     "mongodb://ana:pw@a:1/x",
	} {
		uri, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		if got := (mongoServer{at: uri}).uri("x").String(); got != want {
			t.Errorf("%s becomes %s, want %s", at, got, want)
		}
	}
}
