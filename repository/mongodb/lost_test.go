package mongodb

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// lossy carries a connection to the server and, once told to, loses the
// answer to one of the writes: the server has made it, and the client's
// connection is cut.
type lossy struct {
	listener net.Listener
	server   string
	left     atomic.Int64 // writes until the answer is lost; negative for never
	conns    sync.WaitGroup
}

func newLossy(t *testing.T, server string) *lossy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	succeeds(t, err)
	l := &lossy{listener: listener, server: server}
	l.left.Store(-1)
	l.conns.Go(l.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		l.conns.Wait()
	})
	return l
}

func (l *lossy) address() string { return l.listener.Addr().String() }

// lose loses the answer to the n-th write from now, and returns a function
// that reports whether that has happened.
func (l *lossy) lose(n int) (happened func() bool) {
	l.left.Store(int64(n))
	return func() bool { return l.left.Swap(-1) < 0 }
}

func (l *lossy) serve() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.conns.Go(func() { l.carry(client) })
	}
}

func (l *lossy) carry(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", l.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		if _, err := server.Write(request); err != nil {
			return
		}
		answer, err := readMessage(server)
		if err != nil || isWrite(request) && l.left.Add(-1) == 0 {
			l.left.CompareAndSwap(0, -1)
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

func readMessage(from io.Reader) ([]byte, error) {
	head := make([]byte, 16)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	body := make([]byte, binary.LittleEndian.Uint32(head)-16)
	_, err := io.ReadFull(from, body)
	return slices.Concat(head, body), err
}

// isWrite looks at the first field of a message's document, which is the
// command.
func isWrite(message []byte) bool {
	if len(message) < 26 {
		return false
	}
	command, _, _ := bytes.Cut(message[26:], []byte{0})
	return slices.Contains([]string{"insert", "update", "delete"}, string(command))
}

// verb is a method that changes something.
type verb struct {
	name string
	run  func(ctx context.Context, r repository.Repository) error
	// repeated is what it says when it is repeated though it came into force.
	repeated error
	// objects are what a log holds in the end, but for repetitions of the last.
	objects []string
}

// verbs returns each with values of its own; the key is stored.
func verbs(key models.APIKey) []verb {
	fresh := newKey()
	user, first := newUser("ana")
	return []verb{
		{"CreateKey", func(ctx context.Context, r repository.Repository) error {
			return r.CreateKey(ctx, act(), fresh)
		}, repository.ErrConflict, []string{key.ID, fresh.ID}},
		{"CreateUser", func(ctx context.Context, r repository.Repository) error {
			return r.CreateUser(ctx, act(), user, first)
		}, repository.ErrConflict, []string{key.ID, user.ID, first.ID}},
		{"RenewKey", func(ctx context.Context, r repository.Repository) error {
			_, _, err := r.RenewKey(ctx, act(), key.ID, noon(), false)
			return err
		}, nil, []string{key.ID, key.ID}},
		{"RevokeKey", func(ctx context.Context, r repository.Repository) error {
			_, err := r.RevokeKey(ctx, act(), key.ID)
			return err
		}, nil, []string{key.ID, key.ID}},
		{"DeleteKey", func(ctx context.Context, r repository.Repository) error {
			return r.DeleteKey(ctx, act(), key.ID)
		}, repository.ErrNotFound, []string{key.ID, key.ID}},
		{"AddUsage", func(ctx context.Context, r repository.Repository) error {
			return r.AddUsage(ctx, flushOf("node", 1, key))
		}, nil, []string{key.ID}},
	}
}

// Whichever answer is lost on the way, the caller hears that the outcome is
// unknown, or success where the driver could repeat the write; repeating the
// call is safe; and the log and the totals are what they would have been.
func TestLostAnswers(t *testing.T) {
	for i, v := range verbs(newKey()) {
		t.Run(v.name, func(t *testing.T) {
			for n := 1; loseAnswer(t, i, n); n++ {
				if n > 20 {
					t.Fatal("the call makes too many writes")
				}
			}
		})
	}
}

// loseAnswer loses the answer to a call's n-th write, and reports whether it
// had so many.
func loseAnswer(t *testing.T, i, n int) bool {
	t.Helper()
	uri := newDatabase(t)
	proxy := newLossy(t, hostOf(t, uri))
	r, direct := openURI(t, byWayOf(t, uri, proxy.address())), openURI(t, uri)
	defer func() { _ = r.Close() }()
	key := create(t, direct)
	v := verbs(key)[i]
	happened := proxy.lose(n)
	err := v.run(t.Context(), r)
	if !happened() {
		succeeds(t, err)
		return false
	}
	if err != nil {
		failsWith(t, repository.ErrOutcomeUnknown, err)
	}
	if again := v.run(t.Context(), r); again != nil && v.repeated == nil {
		t.Errorf("after write %d was lost, repeating says %v", n, again)
	} else if again != nil {
		failsWith(t, v.repeated, again)
	}
	isAsIfNothing(t, direct, v, key, fmt.Sprint("after write ", n, " was lost"))
	return true
}

func isAsIfNothing(t *testing.T, r repository.Repository, v verb, key models.APIKey, when string) {
	t.Helper()
	got := logged(t, r)
	if v.name == "RenewKey" { // a second renewal is a change of its own
		got = slices.Compact(got)
		got = append(got, key.ID)
	}
	if !slices.Equal(got, v.objects) {
		t.Errorf("%s, the log names %v, want %v", when, got, v.objects)
	}
	if total := totals(t, r)[key.ID]; v.name == "AddUsage" && total != 1 {
		t.Errorf("%s, the total is %d, want 1", when, total)
	}
}
