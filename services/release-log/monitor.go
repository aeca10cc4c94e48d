package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// errAlarms is the end of a monitor that reported something.
var errAlarms = errors.New("there are alarms: see standard output")

// An alarm is one line of JSON on standard output. Texts of the log are in it as base64, so that no terminal reads them.
type alarm struct {
	Time   string `json:"time"`
	Alarm  string `json:"alarm"`
	Origin string `json:"origin"`
	Detail string `json:"detail"`
	// Of an entry.
	Index  *int64   `json:"index,omitempty"`
	Kind   string   `json:"kind,omitempty"`
	SHA256 string   `json:"sha256,omitempty"`
	Keys   []string `json:"keys,omitempty"`
	// The checkpoint that was seen before, and the one that the log shows now.
	Seen       []byte `json:"seen,omitempty"`
	Checkpoint []byte `json:"checkpoint,omitempty"`
}

// monitor watches one log.
type monitor struct {
	log, origin, logKey, state, known string
	witnesses, keys                   texts
	threshold                         int
	every, timeout                    time.Duration
	out                               io.Writer
}

// texts is an option that may be repeated.
type texts []string

func (t *texts) String() string         { return strings.Join(*t, " ") }
func (t *texts) Set(value string) error { *t = append(*t, value); return nil }

// progress is what the monitor keeps: the last checkpoint that it accepted, and how many entries it has looked at.
type progress struct {
	Checkpoint []byte `json:"checkpoint"`
	Next       int64  `json:"next"`
}

// run makes one round, or one each --every until ctx ends.
func (m monitor) run(ctx context.Context) error {
	for _, needed := range []string{m.log, m.origin, m.logKey, m.state, m.known} {
		if needed == "" {
			return errors.New("monitor needs --log, --origin, --log-key, --state and --known")
		}
	}
	w, err := m.watch()
	if err != nil {
		return err
	}
	// Before the state is read: of two monitors on one state, one would take back what the other has seen.
	unlock, err := lock(ctx, m.state)
	if err != nil {
		return err
	}
	defer unlock()
	var failure, alarms error
	for {
		switch err := w.round(ctx); {
		case errors.Is(err, errAlarms):
			alarms = err
		case ctx.Err() != nil && m.every > 0:
			return errors.Join(alarms, failure)
		case err != nil:
			failure = err
		}
		if m.every <= 0 {
			return errors.Join(alarms, failure)
		}
		if failure != nil {
			fmt.Fprintln(os.Stderr, "release-log: a round failed and is made again:", failure)
			failure = nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(alarms, failure)
		case <-time.After(m.every):
		}
	}
}

// watch is a monitor whose options were understood.
type watch struct {
	monitor
	verifier  note.Verifier
	witnessed torchwood.Policy
	own       []ed25519.PublicKey
}

func (m monitor) watch() (*watch, error) {
	logKey, err := publicKey("--log-key", m.logKey)
	if err != nil {
		return nil, err
	}
	vkey, err := note.NewEd25519VerifierKey(m.origin, logKey)
	if err != nil {
		return nil, fmt.Errorf("--origin: %w", err)
	}
	w := &watch{monitor: m}
	if w.verifier, err = note.NewVerifier(vkey); err != nil {
		return nil, fmt.Errorf("--origin: %w", err)
	}
	if w.witnessed, err = m.witnessPolicy(w.verifier); err != nil {
		return nil, err
	}
	for _, text := range m.keys {
		key, err := publicKey("--key", text)
		if err != nil {
			return nil, err
		}
		w.own = append(w.own, key)
	}
	if len(w.own) == 0 {
		return nil, errors.New("monitor needs --key: the public keys whose use it watches")
	}
	if m.timeout <= 0 || m.every < 0 {
		return nil, errors.New("--timeout must be longer than nothing, and --every not shorter")
	}
	return w, nil
}

func publicKey(option, text string) (ed25519.PublicKey, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("%s: 32 bytes in hex", option)
	}
	return key, nil
}

// witnessPolicy demands the log's signature and enough cosignatures.
func (m monitor) witnessPolicy(log note.Verifier) (torchwood.Policy, error) {
	var policies []torchwood.Policy
	seen := map[string]bool{}
	for _, vkey := range m.witnesses {
		witness, err := torchwood.NewCosignatureVerifier(vkey)
		if err != nil {
			return nil, fmt.Errorf("--witness %q: %w; name a key as release-log witness prints it", vkey, err)
		}
		if seen[witness.String()] {
			return nil, fmt.Errorf("--witness %q is named twice", vkey)
		}
		seen[witness.String()] = true
		policies = append(policies, torchwood.SingleVerifierPolicy(witness))
	}
	threshold := m.threshold
	if threshold < 0 {
		threshold = len(policies)/2 + 1
	}
	if threshold > len(policies) {
		return nil, fmt.Errorf("%d of %d witnesses cannot sign; name more with --witness, or another --threshold", threshold, len(policies))
	}
	return torchwood.ThresholdPolicy(3, torchwood.OriginPolicy(m.origin), torchwood.SingleVerifierPolicy(log),
		torchwood.ThresholdPolicy(threshold, policies...)), nil
}

// round looks at the log once. It reports errAlarms where it printed an alarm.
func (w *watch) round(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	known, err := readKnown(w.known)
	if err != nil {
		return err
	}
	kept, before, err := w.load()
	if err != nil {
		return err
	}
	tiles, err := tileReader(w.log)
	if err != nil {
		return err
	}
	signed, err := tiles.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return fmt.Errorf("%s: %w", w.log, err)
	}
	tree, err := w.open(signed)
	if err != nil {
		return w.alarm(alarm{Alarm: "log", Detail: "the checkpoint is not one of this log: " + err.Error(), Checkpoint: signed})
	}
	moved := alarm{Seen: kept.Checkpoint, Checkpoint: signed}
	switch {
	case tree.N < before.N:
		moved.Alarm, moved.Detail = "rollback", fmt.Sprintf("the log has %d entries and had %d", tree.N, before.N)
		return w.alarm(moved)
	case before.N > 0:
		hashes := torchwood.TileHashReaderWithContext(ctx, tree, tiles)
		proof, err := tlog.ProveTree(tree.N, before.N, hashes)
		if err != nil {
			return w.damaged(ctx, signed, err)
		}
		// RFC 9162 §2.1.4.2.
		if tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash) != nil {
			moved.Alarm, moved.Detail = "fork", fmt.Sprintf("%d entries do not continue the %d that were seen", tree.N, before.N)
			return w.alarm(moved)
		}
	}
	if _, _, err := torchwood.VerifyCheckpoint(signed, w.witnessed); err != nil {
		return w.alarm(alarm{Alarm: "witness", Detail: "too few witnesses cosigned, or a cosignature is wrong: " + err.Error(), Checkpoint: signed})
	}
	// Kept before the entries are read: a log that forks while the monitor is stopped is still noticed.
	kept.Checkpoint = signed
	if err := w.save(kept); err != nil {
		return err
	}
	return w.read(ctx, tiles, tree, kept, known)
}

// How many entries are read between two states: those of one tile.
const entriesPerState = torchwood.TileWidth

// read looks at the entries that are new.
func (w *watch) read(ctx context.Context, tiles torchwood.TileReader, tree tlog.Tree, kept progress, known map[string]bool) error {
	client, err := torchwood.NewClient(tiles, torchwood.WithTimeout(w.timeout))
	if err != nil {
		return err
	}
	var alarms error
	for index, entry := range client.AllEntries(ctx, tree, kept.Next) {
		if found := w.judge(index, entry, known); found != nil {
			alarms = w.alarm(*found)
		}
		kept.Next = index + 1
		if kept.Next%entriesPerState == 0 {
			if err := w.save(kept); err != nil {
				return errors.Join(alarms, err)
			}
		}
	}
	err = client.Err()
	if err != nil {
		alarms = errors.Join(alarms, w.damaged(ctx, kept.Checkpoint, err))
	}
	return errors.Join(alarms, w.save(kept))
}

// damaged tells what cannot be read from what is wrong: a log that cannot be reached is no alarm.
func (w *watch) damaged(ctx context.Context, signed []byte, err error) error {
	if ctx.Err() != nil || isUnreachable(err) {
		return fmt.Errorf("%s: %w", w.log, err)
	}
	return w.alarm(alarm{Alarm: "log", Detail: "the tiles are not those of the checkpoint: " + err.Error(), Checkpoint: signed})
}

// open reads a checkpoint that the log signed.
func (w *watch) open(signed []byte) (tlog.Tree, error) {
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(w.origin), torchwood.SingleVerifierPolicy(w.verifier))
	checkpoint, _, err := torchwood.VerifyCheckpoint(signed, policy)
	return checkpoint.Tree, err
}

// load reads the state; none is a first round, and a state that cannot be read is an error: it is not begun again.
func (w *watch) load() (progress, tlog.Tree, error) {
	var kept progress
	content, err := os.ReadFile(w.state)
	if errors.Is(err, os.ErrNotExist) {
		return kept, tlog.Tree{}, nil
	}
	if err != nil {
		return kept, tlog.Tree{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&kept); err != nil {
		return kept, tlog.Tree{}, fmt.Errorf("%s is no state of a monitor: %w", w.state, err)
	}
	tree, err := w.open(kept.Checkpoint)
	if err == nil && (kept.Next < 0 || kept.Next > tree.N) {
		err = fmt.Errorf("%d entries were read of %d", kept.Next, tree.N)
	}
	if err != nil {
		return kept, tree, fmt.Errorf("%s is no state of a monitor of this log: %w", w.state, err)
	}
	return kept, tree, nil
}

func (w *watch) save(kept progress) error {
	content, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return replace(w.state, append(content, '\n'))
}

// alarm prints one, and ends the round as one with alarms.
func (w *watch) alarm(a alarm) error {
	a.Time, a.Origin = time.Now().UTC().Format(time.RFC3339), w.origin
	line, err := json.Marshal(a)
	if err == nil {
		_, err = w.out.Write(append(line, '\n'))
	}
	return errors.Join(errAlarms, err)
}
