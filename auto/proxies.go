package auto

import (
	"strings"

	"github.com/ginauth/ginauth/internal/clientip"
)

// proxies are networks and addresses, separated by commas.
type proxies []string

// Decode implements envconfig.Decoder.
func (p *proxies) Decode(value string) error {
	if value == "" {
		return errEmpty()
	}
	for _, network := range strings.Split(value, ",") {
		*p = append(*p, strings.TrimSpace(network))
	}
	_, err := clientip.Parse(*p)
	return err
}
