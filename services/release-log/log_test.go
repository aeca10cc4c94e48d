package main

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
	"k8s.io/klog/v2"
)

const origin = "log.example/test"

type scene struct {
	folder, logKey string
	public         ed25519.PublicKey
	witness        *witness
	server         *httptest.Server
}

func newKey(t *testing.T, path string) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return key
}

func newScene(t *testing.T) scene {
	t.Helper()
	folder := t.TempDir()
	s := scene{folder: folder, logKey: filepath.Join(folder, "log.pem")}
	s.public = newKey(t, s.logKey).Public().(ed25519.PublicKey)
	var err error
	key := newKey(t, filepath.Join(folder, "witness.pem"))
	s.witness, err = newWitness("witness.example", key, origin, s.public, filepath.Join(folder, "witness.state"))
	if err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(s.witness)
	t.Cleanup(s.server.Close)
	policy := fmt.Sprintf("witness w1 %s %s\nquorum w1\n", s.witness.signer.Verifier(), s.server.URL)
	if err := os.WriteFile(filepath.Join(folder, "witnesses"), []byte(policy), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s scene) publish(t *testing.T, entry string) ([]byte, error) {
	t.Helper()
	entryFile, proofFile := filepath.Join(s.folder, "entry"), filepath.Join(s.folder, "proof")
	if err := os.WriteFile(entryFile, []byte(entry), 0o644); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), []string{
		"publish", "--log", filepath.Join(s.folder, "log"), "--origin", origin, "--key", s.logKey,
		"--witnesses", filepath.Join(s.folder, "witnesses"), "--entry", entryFile, "--proof", proofFile,
	})
	if err != nil {
		return nil, err
	}
	return os.ReadFile(proofFile)
}

// An independent implementation, torchwood's, is the judge.
func (s scene) verify(t *testing.T, entry string, proof []byte) error {
	t.Helper()
	policy := torchwood.ThresholdPolicy(2,
		torchwood.OriginPolicy(origin), torchwood.SingleVerifierPolicy(s.witness.signer.Verifier()))
	return torchwood.VerifyProof(policy, tlog.RecordHash([]byte(entry)), proof)
}

func TestEveryEntryHasAProofThatWitnessesSigned(t *testing.T) {
	s := newScene(t)
	for i := range 3 {
		entry := fmt.Sprintf("release %d", i)
		proof, err := s.publish(t, entry)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.verify(t, entry, proof); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
		if !strings.Contains(string(proof), fmt.Sprintf("index %d\n", i)) {
			t.Errorf("entry %d does not stand at its place", i)
		}
		if s.verify(t, "another", proof) == nil {
			t.Errorf("entry %d: the proof proves another entry", i)
		}
	}
}

func TestAPublicationLeavesTheLogAlone(t *testing.T) {
	s := newScene(t)
	if _, err := s.publish(t, "release"); err != nil {
		t.Fatal(err)
	}
	checkpoint := filepath.Join(s.folder, "log", "checkpoint")
	if err := os.Remove(checkpoint); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * pollInterval)
	if _, err := os.Stat(checkpoint); err == nil {
		t.Error("a publication that ended wrote another checkpoint")
	}
}

func TestNothingIsPublishedThatNoWitnessSaw(t *testing.T) {
	s := newScene(t)
	s.server.Config.Handler = http.NotFoundHandler()
	if _, err := s.publish(t, "release"); err == nil {
		t.Error("there is a proof without a witness")
	}
}

func TestAWitnessSignsNoSecondHistory(t *testing.T) {
	s := newScene(t)
	if _, err := s.publish(t, "release"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(s.folder, "log")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.publish(t, "another history"); err == nil {
		t.Error("the witness signed two trees of one size")
	}
}

func TestAWitnessRemembersAcrossRestarts(t *testing.T) {
	s := newScene(t)
	if _, err := s.publish(t, "release"); err != nil {
		t.Fatal(err)
	}
	key, err := readKey(filepath.Join(s.folder, "witness.pem"))
	if err != nil {
		t.Fatal(err)
	}
	logKey, err := readKey(s.logKey)
	if err != nil {
		t.Fatal(err)
	}
	again, err := newWitness("witness.example", key, origin, logKey.Public().(ed25519.PublicKey), s.witness.state)
	if err != nil || again.last != s.witness.last || again.last.N != 1 {
		t.Errorf("remembers %v, %v", again.last, err)
	}
}

func TestAWitnessRefusesWhatIsNoRequest(t *testing.T) {
	s := newScene(t)
	for _, body := range []string{"", "old 0\n", "old -1\n\nx", "old 0\nAAAA\n\nx", "new 0\n\nx"} {
		response, err := http.Post(s.server.URL+"/add-checkpoint", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d", body, response.StatusCode)
		}
	}
}

func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	s := newScene(t)
	if err := os.Chmod(s.logKey, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.publish(t, "release"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("%v", err)
	}
}

func (s scene) serve(ctx context.Context) error {
	key, err := readKey(s.logKey)
	if err != nil {
		return err
	}
	return run(ctx, []string{
		"witness", "--name", "witness.example", "--key", filepath.Join(s.folder, "witness.pem"), "--log-origin", origin,
		"--log-key", fmt.Sprintf("%x", key.Public()), "--state", s.witness.state, "--listen", "127.0.0.1:0",
	})
}

func TestAStateServesOneWitnessAtATime(t *testing.T) {
	s := newScene(t)
	unlock, err := lock(t.Context(), s.witness.state)
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	err = s.serve(t.Context())
	if err == nil || !strings.Contains(err.Error(), "another process uses it") || !strings.Contains(err.Error(), s.witness.state) {
		t.Errorf("the second witness: %v", err)
	}
	if waited := time.Since(begin); waited < lockWait || waited > 10*lockWait {
		t.Errorf("waited for %v", waited)
	}
	// The end of the first one, a crash too, frees the state: a lock is no file that somebody has to remove.
	unlock()
	ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer stop()
	if err := s.serve(ctx); err != nil {
		t.Errorf("after the first one has ended: %v", err)
	}
}

func TestASecondWitnessWaitsForAFirstThatIsEnding(t *testing.T) {
	s := newScene(t)
	unlock, err := lock(t.Context(), s.witness.state)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, unlock)
	again, err := lock(t.Context(), s.witness.state)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestNothingIsSignedThatCannotBeKept(t *testing.T) {
	s := newScene(t)
	// A folder in the place of the file that is written first: the state cannot be replaced.
	if err := os.Mkdir(s.witness.state+".new", 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := s.publish(t, "release"); err == nil {
		t.Error("the witness signed what it does not remember")
	}
	if s.witness.last.N != 0 {
		t.Errorf("remembers %v", s.witness.last)
	}
}

func TestHelpExplainsWitnessesThatWork(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"witness", "--help"}} {
		if err := run(t.Context(), args); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%v: %v", args, err)
		}
	}
	s := newScene(t)
	_, example, _ := strings.Cut(usage, "what they print:\n")
	example, _, _ = strings.Cut(example, "\nExit codes")
	for _, name := range []string{"a.example", "b.example", "c.example"} {
		key := newKey(t, filepath.Join(s.folder, name+".pem"))
		w, err := newWitness(name, key, origin, s.public, filepath.Join(s.folder, name+".state"))
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(w)
		t.Cleanup(server.Close)
		line := fmt.Sprintf("witness %s VKEY https://%s/", name, name)
		if !strings.Contains(example, line) {
			t.Fatalf("the example lacks %q", line)
		}
		example = strings.Replace(example, line, fmt.Sprintf("witness %s %s %s", name, w.signer.Verifier(), server.URL), 1)
	}
	if err := os.WriteFile(filepath.Join(s.folder, "witnesses"), []byte(example), 0o644); err != nil {
		t.Fatal(err)
	}
	proof, err := s.publish(t, "a document")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(proof), "\n\u2014 "); n < 3 {
		t.Errorf("a signature of the log and two of witnesses are expected, not %d", n)
	}
}

func TestPublicationIsQuiet(t *testing.T) {
	if err := quiet(); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func(stderr *os.File) { os.Stderr = stderr }(os.Stderr)
	os.Stderr = write
	_, err = newScene(t).publish(t, "a document")
	klog.Warning("a warning is told")
	write.Close()
	told, readErr := io.ReadAll(read)
	if err := errors.Join(err, readErr); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(told)), "\n")
	if len(lines) != 1 || !strings.Contains(lines[0], "a warning is told") {
		t.Errorf("told: %q", lines)
	}
}
