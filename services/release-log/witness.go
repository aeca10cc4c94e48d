package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const maxRequest = 64 << 10

type service struct {
	name, key, origin, logKey, state, listen string
}

// run serves C2SP tlog-witness for one log until ctx ends; the first line on standard output is where, the second its key.
func (s service) run(ctx context.Context) error {
	for _, needed := range []string{s.name, s.key, s.origin, s.logKey, s.state} {
		if needed == "" {
			return errors.New("witness needs --name, --key, --log-origin, --log-key and --state")
		}
	}
	key, err := readKey(s.key)
	if err != nil {
		return err
	}
	logKey, err := hex.DecodeString(s.logKey)
	if err != nil || len(logKey) != ed25519.PublicKeySize {
		return errors.New("--log-key: 32 bytes in hex")
	}
	// Before the state is read: two witnesses on one state would sign two histories.
	unlock, err := lock(ctx, s.state)
	if err != nil {
		return err
	}
	defer unlock()
	w, err := newWitness(s.name, key, s.origin, logKey, s.state)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/\n%s\n", listener.Addr(), w.signer.Verifier())
	server := &http.Server{Handler: w, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// witness cosigns checkpoints of one log, each consistent with the one before.
type witness struct {
	mutex  sync.Mutex
	signer *torchwood.CosignatureSigner
	log    note.Verifier
	origin string
	// The last checkpoint that was cosigned.
	state string
	last  tlog.Tree
}

func newWitness(name string, key ed25519.PrivateKey, origin string, logKey ed25519.PublicKey, state string) (*witness, error) {
	signer, err := torchwood.NewCosignatureSigner(name, key)
	if err != nil {
		return nil, err
	}
	vkey, err := note.NewEd25519VerifierKey(origin, logKey)
	if err != nil {
		return nil, err
	}
	log, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	w := &witness{signer: signer, log: log, origin: origin, state: state}
	kept, err := os.ReadFile(state)
	if errors.Is(err, os.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return nil, err
	}
	w.last, _, err = w.verify(kept)
	return w, err
}

// verify opens a checkpoint that the log signed.
func (w *witness) verify(signed []byte) (tlog.Tree, *note.Note, error) {
	opened, err := note.Open(signed, note.VerifierList(w.log))
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	if err == nil && checkpoint.Origin != w.origin {
		err = errors.New("a checkpoint of another log")
	}
	return checkpoint.Tree, opened, err
}

// ServeHTTP answers add-checkpoint (C2SP tlog-witness).
func (w *witness) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodPost || request.URL.Path != "/add-checkpoint" {
		http.NotFound(response, request)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, maxRequest))
	if err != nil {
		http.Error(response, "too long", http.StatusRequestEntityTooLarge)
		return
	}
	old, proof, signed, err := parseAddCheckpoint(body)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	tree, opened, err := w.verify(signed)
	switch {
	case err != nil:
		http.Error(response, err.Error(), http.StatusForbidden)
	case old > tree.N:
		http.Error(response, "old is larger than the tree", http.StatusBadRequest)
	case old != w.last.N || tree.N == w.last.N && w.last.N > 0 && tree.Hash != w.last.Hash:
		response.Header().Set("Content-Type", "text/x.tlog.size")
		response.WriteHeader(http.StatusConflict)
		fmt.Fprintf(response, "%d\n", w.last.N)
	case old > 0 && old < tree.N && tlog.CheckTree(proof, tree.N, tree.Hash, w.last.N, w.last.Hash) != nil:
		http.Error(response, "the proof does not lead from the old tree to the new one", http.StatusUnprocessableEntity)
	default:
		w.cosign(response, signed, tree, opened)
	}
}

// cosign answers with the line alone, after the checkpoint is kept: what was said once cannot be taken back.
func (w *witness) cosign(response http.ResponseWriter, signed []byte, tree tlog.Tree, opened *note.Note) {
	cosigned, err := note.Sign(&note.Note{Text: opened.Text}, w.signer)
	if err == nil {
		err = replace(w.state, signed)
	}
	if err != nil {
		http.Error(response, "cannot cosign", http.StatusInternalServerError)
		return
	}
	w.last = tree
	_, lines, _ := bytes.Cut(cosigned, []byte("\n\n"))
	_, _ = response.Write(lines)
}

// parseAddCheckpoint reads "old N", the hashes of a consistency proof, an empty line and a checkpoint.
func parseAddCheckpoint(body []byte) (int64, tlog.TreeProof, []byte, error) {
	head, checkpoint, found := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	old, err := strconv.ParseInt(size, 10, 64)
	if !found || !isOld || err != nil || old < 0 || len(lines) > 64 {
		return 0, nil, nil, errors.New("not an add-checkpoint request")
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return 0, nil, nil, errors.New("not a hash")
		}
		proof = append(proof, tlog.Hash(hash))
	}
	return old, proof, checkpoint, nil
}

// checkpointOf reads what a signed checkpoint says.
func checkpointOf(signed []byte) (torchwood.Checkpoint, error) {
	text, _, found := bytes.Cut(signed, []byte("\n\n"))
	if !found {
		return torchwood.Checkpoint{}, errors.New("not a signed checkpoint")
	}
	return torchwood.ParseCheckpoint(string(text) + "\n")
}
