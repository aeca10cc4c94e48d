package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const statusType = "application/vnd.blindllama.status.v1+json"

// pae is the message that is signed (DSSE v1.0.2).
func pae(kind, payload string) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload)
}

// signedEntry is an entry as PROTOCOL.md §19.6 makes it.
func signedEntry(payload string, keys ...ed25519.PrivateKey) string {
	message := pae(statusType, payload)
	entry := bytes.Clone(message)
	for _, key := range keys {
		entry = append(append(entry, key.Public().(ed25519.PublicKey)...), ed25519.Sign(key, message)...)
	}
	return string(entry)
}

// watched is a real log with a real witness, behind a web server, and a monitor of one key.
type watched struct {
	scene
	t      *testing.T
	own    ed25519.PrivateKey
	server *httptest.Server
	watch  monitor
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{scene: newScene(t), t: t}
	w.own = newKey(t, filepath.Join(w.folder, "own.pem"))
	w.server = httptest.NewServer(http.FileServer(http.Dir(filepath.Join(w.folder, "log"))))
	t.Cleanup(w.server.Close)
	logKey, err := readKey(w.logKey)
	if err != nil {
		t.Fatal(err)
	}
	w.watch = monitor{
		log: w.server.URL, origin: origin, logKey: fmt.Sprintf("%x", logKey.Public()),
		state: filepath.Join(w.folder, "monitor.state"), known: filepath.Join(w.folder, "known"),
		witnesses: texts{w.witness.signer.Verifier().String()}, threshold: -1,
		keys: texts{fmt.Sprintf("%x", w.own.Public())}, timeout: 20 * time.Second,
	}
	w.know()
	return w
}

// know lists the documents that the owner signed.
func (w *watched) know(payloads ...string) {
	w.t.Helper()
	text := "# what we signed\n"
	for _, payload := range payloads {
		text += fmt.Sprintf("%X  # a status\n", sha256.Sum256([]byte(payload)))
	}
	if err := os.WriteFile(w.watch.known, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) put(entries ...string) {
	w.t.Helper()
	for _, entry := range entries {
		if _, err := w.publish(w.t, entry); err != nil {
			w.t.Fatal(err)
		}
	}
}

// round makes one, and gives the alarms.
func (w *watched) round() ([]alarm, error) {
	w.t.Helper()
	var out bytes.Buffer
	w.watch.out = &out
	err := w.watch.run(w.t.Context())
	var alarms []alarm
	for line := range bytes.Lines(out.Bytes()) {
		var a alarm
		if err := json.Unmarshal(line, &a); err != nil {
			w.t.Fatal(err)
		}
		alarms = append(alarms, a)
	}
	if (len(alarms) > 0) != errors.Is(err, errAlarms) {
		w.t.Errorf("%d alarms end in %v", len(alarms), err)
	}
	return alarms, err
}

func (w *watched) quiet(when string) {
	w.t.Helper()
	if alarms, err := w.round(); err != nil {
		w.t.Errorf("%s: %v %v", when, err, alarms)
	}
}

func (w *watched) alarmed(when, name string) alarm {
	w.t.Helper()
	alarms, _ := w.round()
	if len(alarms) != 1 || alarms[0].Alarm != name || alarms[0].Origin != origin {
		w.t.Fatalf("%s: %v", when, alarms)
	}
	return alarms[0]
}

// another history of the same log: the witness has forgotten the first one.
func (w *watched) restart() {
	w.t.Helper()
	if err := os.RemoveAll(filepath.Join(w.folder, "log")); err != nil {
		w.t.Fatal(err)
	}
	w.witness.last.N, w.witness.last.Hash = 0, [32]byte{}
}

func TestAMonitorReportsUsesOfItsKeysThatTheOwnerDoesNotKnow(t *testing.T) {
	w := newWatched(t)
	stranger := newKey(t, filepath.Join(w.folder, "stranger.pem"))
	w.know("ours", "ours too")
	w.put(signedEntry("ours", w.own), "no document", signedEntry("of others", stranger))
	w.quiet("known entries and those of others")

	w.put(signedEntry("ours too", stranger, w.own), signedEntry("stolen", stranger, w.own))
	found := w.alarmed("an entry that the owner does not know", "entry")
	if found.Index == nil || *found.Index != 4 || found.Kind != "status" || len(found.Keys) != 1 ||
		found.SHA256 != fmt.Sprintf("%x", sha256.Sum256([]byte("stolen"))) {
		t.Errorf("%+v", found)
	}
	w.quiet("the same entry again: it was told once")

	forged := []byte(signedEntry("forged", w.own))
	forged[len(forged)-1] ^= 1
	w.put(string(forged))
	w.quiet("a signature that the key did not make")
}

func TestAMonitorGoesOnWhereItStopped(t *testing.T) {
	w := newWatched(t)
	w.put(signedEntry("one", w.own))
	w.alarmed("the first entry", "entry")
	w.put(signedEntry("two", w.own))
	if found := w.alarmed("the second entry alone", "entry"); *found.Index != 1 {
		t.Errorf("%+v", found)
	}
	w.watch.log = filepath.Join(w.folder, "log")
	w.quiet("the same log as a folder")
}

func TestAForkedLogIsAnAlarm(t *testing.T) {
	w := newWatched(t)
	w.put("one", "two")
	w.quiet("the first history")
	kept, err := os.ReadFile(w.watch.state)
	if err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.put("one", "another")
	found := w.alarmed("another history of the same size", "fork")
	if len(found.Seen) == 0 || len(found.Checkpoint) == 0 || bytes.Equal(found.Seen, found.Checkpoint) {
		t.Errorf("does not show both: %+v", found)
	}
	w.put("three", "four")
	w.alarmed("another history that is longer", "fork")
	if now, err := os.ReadFile(w.watch.state); err != nil || !bytes.Equal(now, kept) {
		t.Errorf("the state moved to the fork: %v", err)
	}
}

func TestALogThatShrinksIsAnAlarm(t *testing.T) {
	w := newWatched(t)
	w.put("one")
	old, err := os.ReadFile(filepath.Join(w.folder, "log", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	w.put("two")
	w.quiet("two entries")
	checkpoint := filepath.Join(w.folder, "log", "checkpoint")
	if err := os.WriteFile(checkpoint, old, 0o644); err != nil {
		t.Fatal(err)
	}
	w.alarmed("the checkpoint of before", "rollback")
}

func TestACheckpointThatTooFewWitnessesSawIsAnAlarm(t *testing.T) {
	w := newWatched(t)
	w.put("one")
	other := newScene(t)
	w.watch.witnesses = append(w.watch.witnesses, other.witness.signer.Verifier().String())
	w.alarmed("one of two", "witness")
	if _, err := os.Stat(w.watch.state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state moved: %v", err)
	}
	w.watch.threshold = 1
	w.quiet("one, where one is enough")
}

func TestADamagedLogIsAnAlarmAndAMissingOneIsNot(t *testing.T) {
	w := newWatched(t)
	w.put("one")
	entries := filepath.Join(w.folder, "log", "tile", "entries", "000.p", "1")
	if err := os.WriteFile(entries, []byte("\x00\x03two"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.alarmed("another entry than the tree has", "log")
	checkpoint := filepath.Join(w.folder, "log", "checkpoint")
	signed, err := os.ReadFile(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(checkpoint, bytes.Replace(signed, []byte("\n1\n"), []byte("\n2\n"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	w.alarmed("a checkpoint that the log did not sign", "log")
	if err := os.Remove(checkpoint); err != nil {
		t.Fatal(err)
	}
	if alarms, err := w.round(); err == nil || len(alarms) > 0 {
		t.Errorf("no checkpoint: %v %v", alarms, err)
	}
}

func TestAMonitorWaitsForNobodyLongerThanItsTime(t *testing.T) {
	w := newWatched(t)
	w.put("one")
	open := make(chan struct{})
	t.Cleanup(func() { close(open) })
	w.server.Config.Handler = http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		select {
		case <-open:
		case <-request.Context().Done():
		}
	})
	w.watch.timeout = 300 * time.Millisecond
	begin := time.Now()
	if alarms, err := w.round(); err == nil || len(alarms) > 0 || time.Since(begin) > 10*time.Second {
		t.Errorf("%v %v after %v", alarms, err, time.Since(begin))
	}
}

func TestAMonitorReadsNoEndlessAnswer(t *testing.T) {
	reader := atMost{strings.NewReader(strings.Repeat("x", 100)), 10}
	if _, err := new(bytes.Buffer).ReadFrom(&reader); err == nil {
		t.Error("read more than it should")
	}
	whole := atMost{strings.NewReader("0123456789"), 10}
	if n, err := new(bytes.Buffer).ReadFrom(&whole); n != 10 || err != nil {
		t.Error(n, err)
	}
}

func TestAStateServesOneMonitorAtATime(t *testing.T) {
	w := newWatched(t)
	unlock, err := lock(t.Context(), w.watch.state)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := w.round(); err == nil || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("the second monitor: %v", err)
	}
}

func TestAMonitorBeginsNotAgainWhereItsStateIsDamaged(t *testing.T) {
	w := newWatched(t)
	w.put("one")
	w.quiet("the first round")
	kept, err := os.ReadFile(w.watch.state)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"empty": "", "no JSON": "x", "of another log": strings.Replace(string(kept), "Y", "Z", 1),
		"ahead": strings.Replace(string(kept), `"next":1`, `"next":2`, 1), "unknown member": strings.Replace(string(kept), `"next"`, `"last"`, 1),
	} {
		if err := os.WriteFile(w.watch.state, []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := w.round(); err == nil || !strings.Contains(err.Error(), w.watch.state) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMonitorRepeatsItsRoundUntilItIsStopped(t *testing.T) {
	w := newWatched(t)
	w.put(signedEntry("one", w.own))
	var out bytes.Buffer
	w.watch.out, w.watch.every = &out, 50*time.Millisecond
	// The time bounds a hang: the monitor is stopped in its fourth round.
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	var rounds atomic.Int32
	log := w.server.Config.Handler
	w.server.Config.Handler = http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if strings.HasSuffix(request.URL.Path, "/checkpoint") && rounds.Add(1) == 4 {
			stop()
		}
		log.ServeHTTP(response, request)
	})
	if err := w.watch.run(ctx); !errors.Is(err, errAlarms) {
		t.Error(err)
	}
	if rounds.Load() < 4 {
		t.Errorf("%d rounds", rounds.Load())
	}
	if lines := bytes.Count(out.Bytes(), []byte("\n")); lines != 1 {
		t.Errorf("%d alarms of one entry", lines)
	}
}

func TestAMonitorSaysWhatItIsNotTold(t *testing.T) {
	w := newWatched(t)
	w.put("one")
	for what, change := range map[string]func(*monitor){
		"--state":   func(m *monitor) { m.state = "" },
		"--key":     func(m *monitor) { m.keys = nil },
		"--log-key": func(m *monitor) { m.logKey = "00" },
		"twice":     func(m *monitor) { m.witnesses = append(m.witnesses, m.witnesses[0]) },
		"cannot":    func(m *monitor) { m.witnesses = nil },
		"--witness": func(m *monitor) { m.witnesses = texts{"witness"} },
		"line 1":    func(m *monitor) { _ = os.WriteFile(m.known, []byte("00\n"), 0o644) },
		"no such":   func(m *monitor) { _ = os.Remove(m.known) },
	} {
		kept := w.watch
		kept.keys, kept.witnesses = append(texts{}, w.watch.keys...), append(texts{}, w.watch.witnesses...)
		change(&kept)
		if err := kept.run(t.Context()); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAnEntryIsReadInOneWay(t *testing.T) {
	key := newKey(t, filepath.Join(t.TempDir(), "key.pem"))
	good := signedEntry("{}", key)
	if d, err := parseEntry([]byte(good)); err != nil || string(d.payload) != "{}" || d.kind != "status" || len(d.signatures) != 1 {
		t.Errorf("%+v %v", d, err)
	}
	for _, bad := range []string{
		"", "DSSEv1 ", good[:len(good)-1], good + "x", string(pae(statusType, "{}")), strings.Replace(good, "DSSEv1", "DSSEv2", 1),
		strings.Replace(good, " 2 {}", " 99999 {}", 1), strings.Replace(good, "DSSEv1 41", "DSSEv1 -1", 1),
	} {
		if d, err := parseEntry([]byte(bad)); err == nil {
			t.Errorf("%q is read as %+v", bad, d)
		}
	}
}
