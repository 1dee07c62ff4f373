package ginauth_test

import (
	"net/http"
	"strings"
	"testing"
)

// spellingsFrom are the forms in which an id may be sent.
func spellingsFrom(id string) map[string]string {
	upper := strings.ToUpper(id)
	return map[string]string{
		"lower case": id, "upper case": upper, "URN": "urn:uuid:" + id, "URN in upper case": "URN:UUID:" + upper,
		"braces": "{" + upper + "}", "no hyphens": strings.ReplaceAll(upper, "-", ""),
	}
}

// An id means the same however it is written, and answers say it in one way.
func TestIDsInAnyForm(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	ada := a.register("ada")
	_, id := a.issueKey()
	own := a.rows("/auth/logs?username=ada")[0]["id"].(string)
	for name, spelled := range spellingsFrom(id) {
		for _, path := range []string{"/auth/revoke", "/auth/renew"} {
			answer := a.call(path, `{"id":"`+spelled+`","reactivate":true}`)
			if path == "/auth/revoke" {
				answer = a.call(path, `{"id":"`+spelled+`"}`)
			}
			if answer.Code != http.StatusOK || decode(t, answer.Body)["id"] != id {
				t.Errorf("%s: %s answers %d", name, path, answer.Code)
			}
		}
		if rows := a.rows("/auth/logs?id=" + spelled); len(rows) != 1 || rows[0]["id"] != id {
			t.Errorf("%s: the logs show %v", name, rows)
		}
		if code := a.get("/auth/usage?id=" + spelled).Code; code != http.StatusOK {
			t.Errorf("%s: the usage is answered %d", name, code)
		}
	}
	for name, spelled := range spellingsFrom(own) {
		answer := a.as("ada", password, "/account/logs?id="+spelled, "")
		if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), own) {
			t.Errorf("%s: the account's logs are %d %s", name, answer.Code, answer.Body)
		}
		answer = a.as("ada", password, "/account/revoke", `{"id":"`+spelled+`"}`)
		if answer.Code != http.StatusOK || decode(t, answer.Body)["id"] != own {
			t.Errorf("%s: the account's revocation is answered %d", name, answer.Code)
		}
	}
	for name, spelled := range spellingsFrom(ada.id) {
		for _, path := range []string{"/auth/users?id=", "/auth/users/export?id="} {
			if answer := a.get(path + spelled); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), ada.id) {
				t.Errorf("%s: %s answers %d %s", name, path, answer.Code, answer.Body)
			}
		}
		if answer := a.call("/auth/users/disable", `{"id":"`+spelled+`"}`); answer.Code != http.StatusOK {
			t.Errorf("%s: the user is answered %d", name, answer.Code)
		}
	}
	if upper := strings.ToUpper(id); a.call("/auth/delete", `{"id":"`+upper+`"}`).Code != http.StatusNoContent || strings.Contains(a.log.String(), upper) {
		t.Error("in upper case an id is not deleted, or recorded otherwise")
	}
}

// A text that is no id is refused alike by every call, and repeated by none.
func TestWhatIsNoID(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	ada := a.register("ada")
	for _, id := range []string{"1", "ada", ada.id + "0", "(" + ada.id + ")", "urn:uid:" + ada.id, strings.Replace(ada.id, "-", "_", 1)} {
		for path, answer := range map[string]string{
			"logs": a.get("/auth/logs?id=" + id).Body.String(), "usage": a.get("/auth/usage?id=" + id).Body.String(),
			"users": a.get("/auth/users?id=" + id).Body.String(), "export": a.get("/auth/users/export?id=" + id).Body.String(),
			"own logs": a.as("ada", password, "/account/logs?id="+id, "").Body.String(), "own usage": a.as("ada", password, "/account/usage?id="+id, "").Body.String(),
			"revoke": a.call("/auth/revoke", `{"id":"`+id+`"}`).Body.String(), "delete": a.call("/auth/delete", `{"id":"`+id+`"}`).Body.String(),
			"disable": a.call("/auth/users/disable", `{"id":"`+id+`"}`).Body.String(),
		} {
			if !strings.Contains(answer, `{"field":"id","code":"id_invalid","detail":"This does not have the form of an id (a UUID, RFC 9562)."}`) {
				t.Errorf("%s: %q is answered %s", path, id, answer)
			}
		}
	}
}
