package docs

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// problemJSON is the media type of refusals (RFC 9457).
const problemJSON = "application/problem+json"

// codeList is the description of a response that names what it may be refused with.
var codeList = regexp.MustCompile(`^[a-z]+(_[a-z]+)+(, [a-z]+(_[a-z]+)+)*$`)

// codesMember holds the codes of a response while the documents are made.
const codesMember = "x-codes"

// describeRefusals says with which codes each status is answered, shows the first as
// an example, and names the headers.
func describeRefusals(operation object, method string) {
	types := []any{}
	if operation["produces"] != nil {
		types = append(types, "application/json")
	}
	operation["produces"] = append(types, problemJSON)
	for text, response := range member(operation, "responses") {
		status, response := refusedStatus(text), response.(object)
		if status == 0 {
			continue
		}
		var codes []string
		if description := response["description"].(string); codeList.MatchString(description) {
			codes = strings.Split(description, ", ")
		} else {
			codes = usualCodes(status, operation, method)
		}
		response["description"] = http.StatusText(status) + ": " + strings.Join(codes, ", ")
		response["examples"] = object{problemJSON: refusalExample(status, codes[0])}
		response[codesMember] = codes
		addHeaders(response, status)
	}
}

func addHeaders(response object, status int) {
	switch status {
	case http.StatusUnauthorized:
		response["headers"] = object{"WWW-Authenticate": object{"type": "string", "description": "How to authenticate (RFC 9110)."}}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		response["headers"] = object{"Retry-After": object{"type": "integer", "format": "int32", "minimum": 1, "description": "Seconds to wait."}}
	}
}

// usualCodes are the codes of a status that most calls share.
func usualCodes(status int, operation object, method string) []string {
	isGet := method == "get"
	switch status {
	case http.StatusBadRequest:
		if isGet {
			return []string{"query_too_large"}
		}
		return []string{"body_invalid"}
	case http.StatusUnauthorized:
		return loginCodes(operation)
	case http.StatusRequestEntityTooLarge:
		return []string{"body_too_large"}
	case http.StatusUnsupportedMediaType:
		return []string{"content_type_unsupported", "content_encoding_unsupported"}
	case http.StatusUnprocessableEntity:
		if isGet {
			return []string{"fields_invalid", "query_invalid"}
		}
		return []string{"fields_invalid"}
	case http.StatusTooManyRequests:
		return []string{"too_many_attempts"}
	default:
		if isGet {
			return []string{"store_unavailable", "busy"}
		}
		return []string{"store_unavailable", "busy", "outcome_unknown"}
	}
}

// loginCodes are what a credential is refused with.
func loginCodes(operation object) []string {
	security, _ := operation["security"].([]any)
	accepts := func(scheme string) bool {
		return slices.ContainsFunc(security, func(way any) bool { return way.(object)[scheme] != nil })
	}
	if accepts("AdminSecret") {
		return []string{"secret_missing", "secret_wrong", "secret_repeated", "secret_in_query"}
	}
	codes := []string{"credentials_missing", "credentials_wrong", "credentials_invalid"}
	if accepts("ApiKeyHeader") {
		codes = append(codes, "key_invalid", "key_expired", "key_revoked", "key_ambiguous", "user_disabled")
	}
	return codes
}

// refusalExample is the body of a refusal.
func refusalExample(status int, code string) object {
	example := object{
		"title": http.StatusText(status), "status": status, "code": code,
		"detail": cmp.Or(details()[code], http.StatusText(status)+"."),
	}
	if code == "fields_invalid" {
		example["errors"] = []object{{"field": "name", "code": "name_too_long", "detail": "The name must have at most 64 characters."}}
	}
	return example
}
