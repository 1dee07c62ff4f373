package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// healthTimeout is how long the health check of a container waits for an answer.
const healthTimeout = 3 * time.Second

// checkHealth asks the example that runs beside it whether it is ready. It is the
// health check of a container that holds this one program: example healthy.
func checkHealth() error {
	address, err := listenAddress()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1"+address+"/ready", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("it is not ready: /ready answers %d", answer.StatusCode)
	}
	return nil
}
