package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/problem"
)

// maxBody is the largest body that is read, in bytes: several times what the
// longest accepted fields need. MaxBody of what is read into raises it.
const maxBody = 16 << 10

// large is what a request is that has rows.
type large interface{ MaxBody() int64 }

// readJSON reads the request's body, one JSON object, into a struct. Fields
// that it does not know are refused, since a misspelt never_expires or
// reactivate would do something else than was meant.
func readJSON(c *gin.Context, into any) error {
	if err := requireJSON(c); err != nil {
		return err
	}
	limit := int64(maxBody)
	if request, ok := into.(large); ok {
		limit = request.MaxBody()
	}
	body, err := readBody(c, limit)
	if err != nil {
		return err
	}
	return decode(body, into)
}

// decode reads one JSON object as strictly as readJSON.
func decode(body []byte, into any) error {
	if err := checkNames(body, into); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return refusedJSON(err, into)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return malformed("The body must be one JSON object and nothing after it.")
	}
	return nil
}

// requireJSON refuses what a page of another origin could send without being
// asked for its leave, and compressed bodies.
func requireJSON(c *gin.Context) error {
	mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return problem.Unsupported("content_type_unsupported", "The body must be application/json.")
	}
	if encoding := c.GetHeader("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return problem.Unsupported("content_encoding_unsupported", "Send the body as it is: Content-Encoding is not supported here.")
	}
	return nil
}

// RequireNoForm refuses the types that a form on a page of another origin could send to
// a call without a body. No type, and JSON, are good.
func RequireNoForm(c *gin.Context) error {
	if c.GetHeader("Content-Type") == "" {
		return nil
	}
	return requireJSON(c)
}

// FetchBody waits for as much of the body as readBody reads.
func FetchBody(r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody+1)) // an error comes again
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
}

func readBody(c *gin.Context, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) // a byte order mark
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, problem.TooLarge("body_too_large", "The body is larger than this call accepts.")
	case err != nil:
		return nil, malformed("The body could not be read to its end.")
	case len(bytes.TrimSpace(body)) == 0:
		return nil, malformed("The body is empty; it must be a JSON object.")
	case !utf8.Valid(body):
		return nil, malformed("The body must be UTF-8.")
	}
	return body, nil
}

// checkNames refuses what encoding/json would let pass: a field that is there
// twice, and one in another case. Other JSON than an object is left to the decoder.
func checkNames(body []byte, into any) error {
	seen := map[string]bool{}
	for name := range fieldNames(body) {
		if strings.ContainsFunc(name, isForeign) {
			return unknownField(name, into)
		}
		if seen[name] {
			return withField(name, "field_repeated", "This field is there twice.")
		}
		seen[name] = true
	}
	return nil
}

// isForeign tells what is in no field's name. The decoder takes other letters
// for ours: capitals, and some beyond ASCII.
func isForeign(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }

// fieldNames gives the names of an object's fields as they are written, up to
// the first error.
func fieldNames(body []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		decoder := json.NewDecoder(bytes.NewReader(body))
		if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
			return
		}
		for decoder.More() {
			token, _ := decoder.Token()
			name, ok := token.(string)
			var value json.RawMessage
			if !ok || decoder.Decode(&value) != nil || !yield(name) {
				return
			}
		}
	}
}

// refusedJSON names the field that could not be decoded, where there is one.
func refusedJSON(err error, into any) error {
	var known *problem.Error
	if errors.As(err, &known) { // of a row
		return known
	}
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		name := wrongType.Field[strings.LastIndexByte(wrongType.Field, '.')+1:] // what embeds it is ours to know
		return withField(name, "type_wrong", "This has the wrong JSON type: "+wrongType.Value+"; it must be a "+jsonType(wrongType.Type)+".")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return unknownField(strings.Trim(name, `"`), into)
	}
	return malformed("The body is not a JSON object.")
}

func unknownField(name string, into any) *problem.Error {
	known := jsonNames(reflect.TypeOf(into).Elem())
	return withField(name, "field_unknown", "This call has no such field; it has "+strings.Join(known, ", ")+".")
}

// jsonNames are the names of a struct's fields, those of embedded structs included.
func jsonNames(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous {
			names = append(names, jsonNames(field.Type)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// jsonType is what JSON calls the values of a field's type.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "whole number"
	case reflect.Slice:
		return "list"
	default:
		return "string"
	}
}

func withField(name, code, detail string) *problem.Error {
	return problem.Malformed("body_invalid", "The body has a field that this call cannot take.", problem.NewField(name, code, detail))
}

func malformed(detail string) *problem.Error { return problem.Malformed("body_invalid", detail) }
