package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// child is this program in another process. It ends with its input.
type child struct {
	command *exec.Cmd
	input   io.Closer
	output  *json.Decoder
}

// startChild starts a command with more in its environment, and waits for the first
// thing that it says.
func startChild(ctx context.Context, name string, environment []string, first any) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{command: exec.CommandContext(ctx, program, name)} //nolint:gosec // it is this very program
	c.command.Env, c.command.Stderr = append(os.Environ(), environment...), os.Stderr
	output, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.input, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	c.output = json.NewDecoder(output)
	if err := c.output.Decode(first); err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not start: %w", name, err), c.stop())
	}
	return c, nil
}

// stop ends the child by ending its input, as the end of this process would.
func (c *child) stop() error { return errors.Join(c.input.Close(), c.command.Wait()) }
