package api

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ginauth/ginauth/problem"
)

// DecodeRows reads the objects of a list, each as strictly as a body, and says of all
// rows that cannot be taken what is wrong: a field is named as list[index].field.
func DecodeRows[Row any](list string, body []byte) ([]Row, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, withField(list, "type_wrong", "This must be a list of JSON objects.")
	}
	rows, invalid := make([]Row, len(raw)), []problem.Field{}
	for i, text := range raw {
		if err := decode(text, &rows[i]); err != nil {
			invalid = append(invalid, inRow(fmt.Sprintf("%s[%d]", list, i), err)...)
		}
	}
	if len(invalid) > 0 {
		return nil, problem.Malformed("body_invalid", "The body has rows that this call cannot take.", invalid...)
	}
	return rows, nil
}

// inRow names a row in the fields of a problem.
func inRow(row string, err error) []problem.Field {
	var known *problem.Error
	if !errors.As(err, &known) || len(known.Fields) == 0 {
		return []problem.Field{problem.NewField(row, "type_wrong", "This must be a JSON object.")}
	}
	for i := range known.Fields {
		known.Fields[i].Field = row + "." + known.Fields[i].Field
	}
	return known.Fields
}
