package auto

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/kelseyhightower/envconfig"
)

// readFiles reads the variables that may hold a secret from the files that others name,
// as orchestrators mount them. They do not become a part of the environment, which
// child processes inherit.
func (e *environment) readFiles() error {
	for _, from := range []struct {
		name, file string
		isSet      bool
		variable   envconfig.Decoder
	}{
		{"SECRET", string(e.SecretFile), e.Secret != nil, &e.Secret},
		{"URI", string(e.URIFile), e.URI != "", &e.URI},
		{"MAILER", string(e.MailerFile), e.Mailer != "", &e.Mailer},
	} {
		if from.file == "" {
			continue
		}
		variable := setName(from.name + "_FILE")
		if from.isSet {
			return fmt.Errorf("%s and %s are both set; leave out one of them", setName(from.name), variable)
		}
		value, err := readSecretFile(from.file)
		if err == nil {
			err = from.variable.Decode(value)
		}
		if err != nil {
			return fmt.Errorf("%s: the file %s %w", variable, from.file, err)
		}
	}
	return nil
}

// readSecretFile returns what is in a file, without a byte order mark and without line
// breaks at the end, which editors add.
func readSecretFile(name string) (string, error) {
	content, err := os.ReadFile(name)
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return "", fmt.Errorf("cannot be read: %w", pathError.Err)
	}
	if err != nil {
		return "", errors.New("cannot be read")
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return "", errors.New("must be text in UTF-8")
	}
	value := strings.TrimRight(string(content), "\r\n")
	if value == "" {
		return "", errors.New("is empty")
	}
	return value, nil
}
